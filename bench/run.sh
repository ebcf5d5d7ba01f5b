#!/usr/bin/env bash
# run.sh [MODEL...]: runs the benchmarks named by BENCHES (all) and puts each one's table between its markers in
# docs/benchmarks.md, or the page OUT. `training` and `whole` take the MODELs, which are checkpoint folders; what else is
# settable stands at the head of bench/common.sh and of each bench/NAME.sh.
set -euo pipefail
source "$(dirname "$0")/common.sh"
BENCHES=${BENCHES:-products training whole shapes skipping moe large}
OUT=${OUT:-$root/docs/benchmarks.md}

# report NAME MODEL...: where, when and of what, then the table.
report() {
  local name=$1
  shift
  echo "Measured $(date -u +%F) by \`bench/$name.sh$(for model in "$@"; do printf ' %s' "$(basename "$model")"; done)\` on" \
    "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), $OMP_NUM_THREADS threads; eft" \
    "$(git -C "$root" rev-parse --short HEAD), $("${CXX:-c++}" --version | head -n 1)."
  [ -z "$MODES" ] || [ "$name" = skipping ] || "$PYTHON" -c 'import torch, transformers, peft
print(f"The peer is Transformers {transformers.__version__} + PEFT {peft.__version__} on torch {torch.__version__}.")'
  echo
  "$root/bench/$name.sh" "$@"
}

# rewrite NAME: the lines of its report replace those between its markers.
rewrite() {
  awk -v report="$WORK/report" -v name="$1" '
    $0 == "<!-- " name ": end -->" {inside = 0}
    !inside {print}
    $0 == "<!-- " name ": begin -->" {inside = 1; while ((getline line < report) > 0) print line}' "$OUT" >"$WORK/page"
  cat "$WORK/page" >"$OUT"
}

for name in $BENCHES; do
  case $name in
    training) report "$name" "$@" | tee "$WORK/report" ;;
    whole)
      [ $# -gt 0 ] || { echo 'bench/whole.sh wants a checkpoint folder with a vocabulary for conversations: left out' >&2; continue; }
      report "$name" "$1" | tee "$WORK/report" ;;
    *) report "$name" | tee "$WORK/report" ;;
  esac
  rewrite "$name"
done
