#!/usr/bin/env bash
# large.sh: a table of LoRA training (bench/lora.yaml, bfloat16) of whole models with random weights, SHAPES (gemma4_e2b gemma4_e4b), in
# rows of LENGTHS (512 2048) tokens; rows of over 512 tokens with recomputation. The peer, under PYTHON, recomputes always, and
# runs on PEER_SHAPES (gemma4_e2b) alone: it needs more memory.
set -euo pipefail
source "$(dirname "$0")/common.sh"
SHAPES=${SHAPES:-gemma4_e2b gemma4_e4b}
LENGTHS=${LENGTHS:-512 2048}
PEER_SHAPES=${PEER_SHAPES-gemma4_e2b}

# measure SHAPE LENGTH: the lines of the table for one model and length.
measure() {
  local shape=$1 length=$2 recompute=false ours theirs
  [ "$length" -le 512 ] || recompute=true
  rm -f "$WORK"/row-*
  for _ in $(seq "$ROUNDS"); do
    run_eft "$WORK/$shape" true --set sequence_len="$length" --set min_sample_len="$length" \
      --set gradient_checkpointing=$recompute >>"$WORK/row-eft"
    [[ -z $MODES || " $PEER_SHAPES " != *" $shape "* ]] ||
      run_peer "$WORK/$shape" bfloat16 --gradient-checkpointing --length "$length" >>"$WORK/row-peer"
  done
  ours=$(cut -d' ' -f1 "$WORK/row-eft" | median)
  echo "| $shape | $length | eft | $recompute | $(printf %.1f "$ours") | $(largest_rss "$WORK/row-eft") | $(planned_of) | $(ready_of) | |"
  [ -e "$WORK/row-peer" ] || return 0
  theirs=$(cut -d' ' -f1 "$WORK/row-peer" | median)
  echo "| $shape | $length | peer | true | $(printf %.1f "$theirs") | $(largest_rss "$WORK/row-peer") | | |" \
    "$(awk -v a="$ours" -v b="$theirs" 'BEGIN {printf "%.2f", a / b}') |"
}

largest_rss() { cut -d' ' -f2 "$1" | sort -g | tail -n 1; }

make_text
echo "$ROUNDS rounds of $STEPS steps."
echo
echo '| model | tokens a step | engine | recomputation | tokens/s | peak RSS, MiB | planned, MiB | first step after, s | eft is faster by |'
echo '| --- | --- | --- | --- | --- | --- | --- | --- | --- |'
for shape in $SHAPES; do
  make_model "$shape"
  for length in $LENGTHS; do measure "$shape" "$length"; done
  rm -rf "${WORK:?}/$shape"
done
