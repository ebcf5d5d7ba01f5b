#!/usr/bin/env bash
# peer.sh MODEL: eft beside Transformers + PEFT on the same folder, text, shape and machine, in turns.
# PYTHON has torch, transformers, peft and tokenizers; ROUNDS (3) is how often each runs, the median counts; MODES names the
# peer's modes; STEPS (12) steps of each run are timed after two of warm-up.
set -euo pipefail
[ $# -eq 1 ] || { sed -n '2,4s/^# //p' "$0"; exit 2; }
MODES=${MODES-float32 bfloat16 float32-compile bfloat16-compile}
source "$(dirname "$0")/common.sh"
model=$1
make_text

column() { awk -v n="$1" '{print $n}' "$2"; }

for _ in $(seq "$ROUNDS"); do
  run_eft "$model" false >>"$WORK/eft-float32"
  run_eft "$model" true >>"$WORK/eft-bfloat16"
  for mode in $MODES; do run_peer "$model" "$mode" >>"$WORK/peer-$mode"; done
done

echo "LoRA r=16 on all linears, 1 x 512 tokens, $OMP_NUM_THREADS threads, $ROUNDS rounds of $STEPS steps, medians"
grep -m1 '^model name' /proc/cpuinfo | sed 's/.*: //'
printf '%-22s %10s %12s %20s\n' '' tokens/s 'peak RSS MB' 'eft is faster by'
for dtype in float32 bfloat16; do
  ours=$(column 1 "$WORK/eft-$dtype" | median)
  printf '%-22s %10.0f %12.0f\n' "eft $dtype" "$ours" "$(column 2 "$WORK/eft-$dtype" | median)"
  for mode in $MODES; do
    [ "${mode%-compile}" = "$dtype" ] || continue
    theirs=$(column 1 "$WORK/peer-$mode" | median)
    printf '%-22s %10.0f %12.0f %20s\n' "peer $mode" "$theirs" "$(column 2 "$WORK/peer-$mode" | median)" \
      "$(awk -v a="$ours" -v b="$theirs" 'BEGIN {printf "%.2f x", a / b}')"
  done
done
