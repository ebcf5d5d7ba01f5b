#!/usr/bin/env bash
# Installs what building and testing eft needs on Debian 12 or Ubuntu 24.04. Safe to run again: does nothing when all is there.
set -euo pipefail
packages=(g++ cmake ninja-build ccache git make
          libdnnl-dev ocl-icd-opencl-dev libhwy-dev libyaml-cpp-dev nlohmann-json3-dev libcli11-dev libfmt-dev
          libgtest-dev libbenchmark-dev zlib1g-dev libzstd-dev libpcre2-dev
          libjpeg-dev libpng-dev libwebp-dev)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
run() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }
echo "installing: ${missing[*]}"
run apt-get update -qq
run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
