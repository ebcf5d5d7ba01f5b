#!/usr/bin/env bash
# products.sh: a table of single products in bf16 and one of head and cross-entropy of 512 tokens over 262,144 pieces. The latter
# runs in turns with PyTorch's where PYTHON has torch; ROUNDS (3) turns, of which the median counts.
set -euo pipefail
source "$(dirname "$0")/common.sh"
PRODUCTS=${PRODUCTS:-$root/build/bench_products}
TIMES=5  # of one turn

"$PRODUCTS"
echo
echo "Head and loss, $ROUNDS rounds:"
echo
echo '| width | softcap | eft, ms | of the peak | memory, MB | PyTorch bf16, ms | PyTorch f32, ms | eft is faster by |'
echo '| --- | --- | --- | --- | --- | --- | --- | --- |'
for head in '640 0' '1536 30' '2048 30'; do
  rm -f "$WORK"/head-*
  for _ in $(seq "$ROUNDS"); do
    # shellcheck disable=SC2086  # width and softcap are two words
    "$PRODUCTS" head $head "$TIMES" >>"$WORK/head-eft"
    [ -n "$MODES" ] || continue
    for dtype in bfloat16 float32; do
      # shellcheck disable=SC2086
      "$PYTHON" "$root/bench/peer_head.py" $head --dtype $dtype --rounds 1 >>"$WORK/head-$dtype"
    done
  done
  column() { [ ! -e "$WORK/head-$1" ] || cut -d' ' -f"$2" "$WORK/head-$1" | median; }
  best=$(for dtype in bfloat16 float32; do column $dtype 1; done | sort -g | head -n 1)
  ours=$(column eft 1)
  ratio=$([ -z "$best" ] || awk -v a="$best" -v b="$ours" 'BEGIN {printf "%.2f", a / b}')
  echo "| ${head% *} | ${head#* } | $ours | $(column eft 2) % | $(column eft 3) | $(column bfloat16 1) | $(column float32 1) | $ratio |"
done
