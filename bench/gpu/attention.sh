#!/usr/bin/env bash
# attention.sh: the attention kernels beside PyTorch's on one GPU (row G5): heads of 512 causal, of 256 with a window, packed.
# BENCH is the program (build-cuda/bench_attention), PYTHON has torch. Prints a table for docs/benchmarks.md.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BENCH=${BENCH:-$here/../../build-cuda/bench_attention}
PYTHON=${PYTHON:-python3}
echo '| head_dim | heads | tokens | window | segments | eft forward, TFLOP/s | backward | PyTorch forward | backward |'
echo '| --- | --- | --- | --- | --- | --- | --- | --- | --- |'
# TOKENS HEADS KV_HEADS HEAD_DIM WINDOW SEGMENTS
while read -r -a shape; do
  read -r _ ours_forward _ ours_backward < <("$BENCH" "${shape[@]}") || ours_forward=failed ours_backward=
  read -r _ peer_forward _ peer_backward < <("$PYTHON" "$here/attention_peer.py" "${shape[@]}" 2>/dev/null) ||
    peer_forward=failed peer_backward=
  echo "| ${shape[3]} | ${shape[1]}/${shape[2]} | ${shape[0]} | ${shape[4]} | ${shape[5]} | $ours_forward | $ours_backward | $peer_forward | $peer_backward |"
done <<'END'
2048 8 1 512 0 1
8192 8 1 512 0 1
32768 8 1 512 0 1
8192 8 1 512 0 8
8192 8 1 256 512 1
8192 8 2 256 1024 1
32768 8 2 256 512 1
8192 8 2 256 512 8
END
