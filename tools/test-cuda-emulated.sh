#!/usr/bin/env bash
# Runs the CUDA kernels on the host (tests/cuda_emulation): their parity ring in two orders of threads, golden values, errors.
set -euo pipefail
cd "$(dirname "$0")/.."
cmake --preset release >/dev/null
cmake --build build --target cuda_emulation_test ops_test_emulated eft_emulated
ctest --test-dir build -L cuda_emulated -j "$(nproc)" --output-on-failure
