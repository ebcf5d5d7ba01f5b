#!/usr/bin/env bash
# training.sh [MODEL...]: a table of speed, memory and start-up of LoRA training (bench/lora.yaml). MODELs are checkpoint folders;
# SHAPES (names of bench/*.json, or none) are configurations of which random models are made. Without either it is the demo's.
# UNCOMPILED are names of models that the peer does not compile, which takes minutes.
set -euo pipefail
source "$(dirname "$0")/common.sh"
SHAPES=${SHAPES-}
UNCOMPILED=${UNCOMPILED-}
make_text

# cells FILE: "median over the rounds | slowest to fastest step | peak RSS", of the lines of run_eft.
cells() {
  sort -g "$1" | awk '{x[NR] = $1; if ($2 > rss) rss = $2; if (NR == 1 || $3 < low) low = $3; if ($4 > high) high = $4}
    END {printf "%.0f | %.0f to %.0f | %d", NR % 2 ? x[(NR + 1) / 2] : (x[NR / 2] + x[NR / 2 + 1]) / 2, low, high, rss}'
}

# measure NAME MODEL: the lines of the table for one model.
measure() {
  local name=$1 model=$2 modes=$MODES mode dtype ours
  [[ " $UNCOMPILED " != *" $name "* ]] || modes=$(tr ' ' '\n' <<<"$MODES" | { grep -v -e -compile || true; } | tr '\n' ' ')
  rm -f "$WORK"/row-*
  for _ in $(seq "$ROUNDS"); do
    for dtype in float32 bfloat16; do
      run_eft "$model" "$([ $dtype = bfloat16 ] && echo true || echo false)" >>"$WORK/row-$dtype"
      planned_of >>"$WORK/row-$dtype-planned"
      ready_of >>"$WORK/row-$dtype-ready"
    done
    for mode in $modes; do run_peer "$model" "$mode" >>"$WORK/row-peer-$mode" || true; done
  done
  for dtype in float32 bfloat16; do
    echo "| $name | eft $dtype | $(cells "$WORK/row-$dtype") | $(median <"$WORK/row-$dtype-planned") | $(median <"$WORK/row-$dtype-ready") | |"
  done
  ours=$(cut -d' ' -f1 "$WORK/row-bfloat16" | median)
  for mode in $modes; do
    [ -s "$WORK/row-peer-$mode" ] || { echo "| $name | peer $mode | failed | | | | | |"; continue; }
    echo "| $name | peer $mode | $(cells "$WORK/row-peer-$mode") | | |" \
      "$(awk -v a="$ours" -v b="$(cut -d' ' -f1 "$WORK/row-peer-$mode" | median)" 'BEGIN {printf "%.2f", a / b}') |"
  done
}

rows() {
  if [ $# -eq 0 ] && [ -z "$SHAPES" ]; then
    "$EFT" init "$root/examples/demo/model/config.json" "$WORK/demo" --seed 1 >/dev/null
    set -- "$WORK/demo"
  fi
  for model in "$@"; do measure "$(basename "$model")" "$model"; done
  for shape in $SHAPES; do
    make_model "$shape"
    measure "$shape" "$WORK/$shape"
    rm -rf "${WORK:?}/$shape"
  done
}

echo "$ROUNDS rounds of $STEPS steps."
echo
echo '| model | engine | tokens/s | spread | peak RSS, MiB | planned, MiB | first step after, s | eft bfloat16 is faster by |'
echo '| --- | --- | --- | --- | --- | --- | --- | --- |'
rows "$@"
