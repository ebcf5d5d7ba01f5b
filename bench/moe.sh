#!/usr/bin/env bash
# moe.sh: one layer of Gemma 4 26B-A4B's shape (hidden 2816, 128 experts of width 704, top 8) on 512 tokens with a LoRA on
# everything, the experts included: eft beside Transformers + PEFT on the same random weights, in turns. PYTHON has torch,
# transformers, peft and tokenizers; ROUNDS (2) is how often each runs; STEPS (3) steps of each run are timed after two of
# warm-up. The peer needs 9 GB of memory, since PEFT forms the adapted experts in full.
set -euo pipefail
STEPS=${STEPS:-3}
ROUNDS=${ROUNDS:-2}
source "$(dirname "$0")/common.sh"
make_text
make_model moe

for round in $(seq "$ROUNDS"); do
  run_eft "$WORK/moe" false --set 'lora_target_parameters=[experts.gate_up_proj, experts.down_proj]' >>"$WORK/eft"
  "$PYTHON" "$root/bench/peer.py" "$WORK/moe" "$WORK/text.jsonl" --experts --steps "$STEPS" --warm-up "$WARM_UP" \
    2>"$WORK/peer.log" >>"$WORK/peer" || { tail -n 5 "$WORK/peer.log" >&2; exit 1; }
done

grep -m1 '^model name' /proc/cpuinfo | sed 's/.*: //'
printf '%-22s %10s %12s\n' "float32, $OMP_NUM_THREADS threads" tokens/s 'peak RSS MB'
for who in eft peer; do
  printf '%-22s %10.1f %12.0f\n' "$who" "$(cut -d' ' -f1 "$WORK/$who" | median)" "$(cut -d' ' -f2 "$WORK/$who" | median)"
done
