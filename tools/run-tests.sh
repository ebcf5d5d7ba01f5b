#!/usr/bin/env bash
# Runs the unit rings under the sanitizers, then every test on the release build.
set -euo pipefail
cd "$(dirname "$0")/.."
cmake --preset debug >/dev/null
cmake --build build-debug --target unit_tests
ASAN_OPTIONS=detect_leaks=0 ctest --test-dir build-debug -L unit --output-on-failure
cmake --preset release >/dev/null
cmake --build build
ctest --test-dir build --output-on-failure
