#!/usr/bin/env bash
# moe.sh: a table of one layer of Gemma 4 26B-A4B's shape (hidden 2816, 128 experts of width 704, top 8) on 512 tokens with a LoRA
# on everything, the experts included, in float32: eft and, under PYTHON, Transformers + PEFT on the same random weights, in turns.
# The peer needs 9 GB of memory, since PEFT forms the adapted experts in full. LARGE_STEPS (2) and LARGE_WARM_UP (1) stand for
# STEPS and WARM_UP.
set -euo pipefail
STEPS=${LARGE_STEPS:-2}
WARM_UP=${LARGE_WARM_UP:-1}
source "$(dirname "$0")/common.sh"
make_text
make_model moe

for _ in $(seq "$ROUNDS"); do
  run_eft "$WORK/moe" false --set 'lora_target_parameters=[experts.gate_up_proj, experts.down_proj]' >>"$WORK/eft"
  [ -z "$MODES" ] || run_peer "$WORK/moe" float32 --experts >>"$WORK/peer"
done

echo "$ROUNDS rounds of $STEPS steps, after $WARM_UP of warm-up."
echo
echo '| engine | tokens/s | peak RSS, MiB | eft is faster by |'
echo '| --- | --- | --- | --- |'
ours=$(cut -d' ' -f1 "$WORK/eft" | median)
printf '| eft | %.0f | %s | |\n' "$ours" "$(largest_rss "$WORK/eft")"
[ -e "$WORK/peer" ] || exit 0
theirs=$(cut -d' ' -f1 "$WORK/peer" | median)
printf '| Transformers + PEFT | %.0f | %s | %.2f |\n' "$theirs" "$(largest_rss "$WORK/peer")" \
  "$(awk -v a="$ours" -v b="$theirs" 'BEGIN {print a / b}')"
