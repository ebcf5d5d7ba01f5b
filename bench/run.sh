#!/usr/bin/env bash
# run.sh [MODEL...]: speed, memory and start-up of LoRA training (bench/lora.yaml), written between the markers of
# docs/benchmarks.md. MODELs are checkpoint folders; without one, a random model of the demo's configuration is made. SHAPES
# (gemma4_e2b_10 gemma3n_e2b_10, or empty) are configurations in bench/ of which random models are made too. Where PYTHON has
# torch, transformers and peft, they run in turns with eft in MODES. ROUNDS (3) is how often each runs, STEPS (12) the timed
# steps of a run after two of warm-up; OUT is the page to rewrite.
set -euo pipefail
source "$(dirname "$0")/common.sh"
PYTHON=${PYTHON:-python3}
ROUNDS=${ROUNDS:-3}
MODES=${MODES:-float32 bfloat16 bfloat16-compile}
SHAPES=${SHAPES-}
OUT=${OUT:-$root/docs/benchmarks.md}
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$(nproc)}
command="bench/run.sh$(for model in "$@"; do printf ' %s' "$(basename "$model")"; done)"
has_peer() { "$PYTHON" -c 'import torch, transformers, peft, tokenizers' 2>/dev/null; }
has_peer || MODES=
make_text

# note_run FILE RUN: appends the planned memory and the seconds to the first step that the last run of eft told.
note_run() {
  sed -nE 's/^done .*; of the process .*, planned ([0-9.]+) ([kMG])B$/\1 \2/p' "$WORK/eft.log" |
    awk '{printf "%.0f\n", $1 * ($2 == "G" ? 1e9 : $2 == "M" ? 1e6 : 1e3) / 1048576}' >>"$1-planned"
  sed -nE 's/^ready .* begins ([0-9.]+) s .*/\1/p' "$WORK/eft.log" >>"$1-ready"
}

# cells FILE: "median | smallest to largest | peak RSS", of lines "TOKENS_PER_SECOND PEAK_RSS_MB".
cells() {
  sort -g "$1" | awk '{x[NR] = $1; if ($2 > rss) rss = $2}
    END {printf "%.0f | %.0f to %.0f | %d", NR % 2 ? x[(NR + 1) / 2] : (x[NR / 2] + x[NR / 2 + 1]) / 2, x[1], x[NR], rss}'
}

# measure NAME MODEL: the lines of the table for one model.
measure() {
  local name=$1 model=$2 mode dtype ours
  rm -f "$WORK"/row-*
  for _ in $(seq "$ROUNDS"); do
    for dtype in float32 bfloat16; do
      run_eft "$model" "$([ $dtype = bfloat16 ] && echo true || echo false)" >>"$WORK/row-$dtype"
      note_run "$WORK/row-$dtype"
    done
    for mode in $MODES; do run_peer "$model" "$mode" >>"$WORK/row-peer-$mode"; done
  done
  for dtype in float32 bfloat16; do
    echo "| $name | eft $dtype | $(cells "$WORK/row-$dtype") | $(median <"$WORK/row-$dtype-planned") | $(median <"$WORK/row-$dtype-ready") | |"
  done
  ours=$(cut -d' ' -f1 "$WORK/row-bfloat16" | median)
  for mode in $MODES; do
    echo "| $name | peer $mode | $(cells "$WORK/row-peer-$mode") | | |" \
      "$(awk -v a="$ours" -v b="$(cut -d' ' -f1 "$WORK/row-peer-$mode" | median)" 'BEGIN {printf "%.2f", a / b}') |"
  done
}

rows() {
  if [ $# -eq 0 ]; then
    "$EFT" init "$root/examples/demo/model/config.json" "$WORK/demo" --seed 1 >/dev/null
    set -- "$WORK/demo"
  fi
  for model in "$@"; do measure "$(basename "$model")" "$model"; done
  for shape in $SHAPES; do
    mkdir "$WORK/source-$shape"
    cp "$root"/examples/demo/model/{tokenizer.json,tokenizer_config.json} "$WORK/source-$shape"
    cp "$root/bench/$shape.json" "$WORK/source-$shape/config.json"
    "$EFT" init "$WORK/source-$shape/config.json" "$WORK/$shape" --seed 1 >/dev/null
    measure "$shape" "$WORK/$shape"
    rm -rf "${WORK:?}/$shape"
  done
}

report() {
  echo "Measured $(date -u +%F) by \`$command\` on $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)," \
    "$OMP_NUM_THREADS threads; eft $(git -C "$root" rev-parse --short HEAD), $("${CXX:-c++}" --version | head -n 1)."
  [ -z "$MODES" ] || "$PYTHON" -c 'import torch, transformers, peft
print(f"The peer is Transformers {transformers.__version__} + PEFT {peft.__version__} on torch {torch.__version__}.")'
  echo "$ROUNDS rounds of $STEPS steps; tokens/s is the median of the rounds' medians, beside it the slowest and the fastest round."
  echo
  echo '| model | engine | tokens/s | spread | peak RSS, MiB | planned, MiB | first step after, s | eft bfloat16 is faster by |'
  echo '| --- | --- | --- | --- | --- | --- | --- | --- |'
  rows "$@"
}

report "$@" | tee "$WORK/report"
awk -v report="$WORK/report" '
  /<!-- figures: end -->/ {inside = 0}
  !inside {print}
  /<!-- figures: begin -->/ {inside = 1; while ((getline line < report) > 0) print line}' "$OUT" >"$WORK/page"
cat "$WORK/page" >"$OUT"
