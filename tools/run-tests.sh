#!/usr/bin/env bash
# Runs the unit rings under the sanitizers, then on the release build the kernels, the golden values and the command line.
set -euo pipefail
cd "$(dirname "$0")/.."
cmake --preset debug >/dev/null
cmake --build build-debug --target unit_tests
ASAN_OPTIONS=detect_leaks=0 ctest --test-dir build-debug -L unit --output-on-failure
cmake --preset release >/dev/null
cmake --build build --target eft backend_test ops_test
ctest --test-dir build -L 'kernels|cli|house' --output-on-failure
