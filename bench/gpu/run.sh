#!/usr/bin/env bash
# run.sh MODEL LENGTH ROWS: LoRA training (bench/lora.yaml) in bf16 on one GPU, ROWS sequences of LENGTH tokens a step,
# with eft and with Transformers + PEFT on the same folder. The rows of docs/benchmarks.md: E2B 2048 8 (G1), E4B 8192 1
# (G2), gemma-3-270m 2048 8. EFT is the binary (build-cuda/eft), PYTHON has torch, transformers and peft, STEPS (20) steps
# are timed after two of warm-up. Prints tokens per second of both; % of peak follows from the tokens.
set -euo pipefail
[ $# -eq 3 ] || { sed -n '2,6s/^# //p' "$0"; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
EFT=${EFT:-$here/../../build-cuda/eft}
STEPS=${STEPS:-20}
source "$here/../common.sh"
PYTHON=${PYTHON:-python3}
model=$1 length=$2 rows=$3
make_text
copies=$((1 + (STEPS + WARM_UP) * length * rows / 20000))  # the stories have more than 20,000 tokens
for _ in $(seq "$copies"); do cat "$WORK/text.jsonl"; done >"$WORK/long.jsonl"
mv "$WORK/long.jsonl" "$WORK/text.jsonl"

nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader
read -r ours _ < <(run_eft "$model" true --set device=cuda --set sequence_len="$length" --set min_sample_len="$length" \
  --set micro_batch_size="$rows")
printf '%-24s %10.0f tokens/s\n' eft "$ours"
grep -m1 'peak memory' "$WORK/eft.log" || true
for mode in '' --compile; do
  "$PYTHON" "$here/peer.py" "$model" "$WORK/text.jsonl" --length "$length" --rows "$rows" --steps "$STEPS" $mode \
    2>"$WORK/peer.log" || tail -n 3 "$WORK/peer.log"
done
