#!/usr/bin/env bash
# large.sh: a table of LoRA training (bench/lora.yaml, bfloat16) of whole models with random weights, CASES of SHAPE:LENGTH, LENGTH
# the tokens of a row; rows of over 512 tokens with recomputation. The peer, under PYTHON, recomputes always, and runs on
# PEER_CASES alone, since it needs more memory. LARGE_STEPS (2) and LARGE_WARM_UP (1) stand for STEPS and WARM_UP.
set -euo pipefail
STEPS=${LARGE_STEPS:-2}
WARM_UP=${LARGE_WARM_UP:-1}
source "$(dirname "$0")/common.sh"
CASES=${CASES:-gemma4_e2b:512 gemma4_e2b:2048 gemma4_e4b:512 gemma4_e4b:2048}
PEER_CASES=${PEER_CASES-gemma4_e2b:512 gemma4_e2b:2048}

# measure SHAPE LENGTH: the lines of the table for one model and length.
measure() {
  local shape=$1 length=$2 recompute=false ours theirs
  [ "$length" -le 512 ] || recompute=true
  rm -f "$WORK"/row-*
  for _ in $(seq "$ROUNDS"); do
    run_eft "$WORK/$shape" true --set sequence_len="$length" --set min_sample_len="$length" \
      --set gradient_checkpointing=$recompute >>"$WORK/row-eft"
    [[ -z $MODES || " $PEER_CASES " != *" $shape:$length "* ]] ||
      run_peer "$WORK/$shape" bfloat16 --gradient-checkpointing --length "$length" >>"$WORK/row-peer"
  done
  ours=$(cut -d' ' -f1 "$WORK/row-eft" | median)
  echo "| $shape | $length | eft | $recompute | $(printf %.1f "$ours") | $(largest_rss "$WORK/row-eft") | $(planned_of) | $(ready_of) | |"
  [ -e "$WORK/row-peer" ] || return 0
  theirs=$(cut -d' ' -f1 "$WORK/row-peer" | median)
  echo "| $shape | $length | peer | true | $(printf %.1f "$theirs") | $(largest_rss "$WORK/row-peer") | | |" \
    "$(awk -v a="$ours" -v b="$theirs" 'BEGIN {printf "%.2f", a / b}') |"
}

make_text
echo "$ROUNDS rounds of $STEPS steps, after $WARM_UP of warm-up."
echo
echo '| model | tokens a step | engine | recomputation | tokens/s | peak RSS, MiB | planned, MiB | first step after, s | eft is faster by |'
echo '| --- | --- | --- | --- | --- | --- | --- | --- | --- |'
made=
for case in $CASES; do
  shape=${case%:*}
  if [ "$shape" != "$made" ]; then
    rm -rf "${WORK:?}/${made:-none}"
    make_model "$shape"
    made=$shape
  fi
  measure "$shape" "${case#*:}"
done
