#!/bin/bash
# Installs what is missing (Debian, as root or with sudo), builds everything and runs all tests. Arguments go to the
# first cmake call, for example -DHEADFORMER_WARNINGS_AS_ERRORS=ON; the build folder is build/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tests/packages.sh

install_packages "${build_packages[@]}"
use_fast_tools
cmake -S . -B build -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE="-O2 -DNDEBUG" -DHEADFORMER_BUILD_TESTS=ON -DHEADFORMER_BUILD_BENCHMARKS=ON \
  -DHEADFORMER_BUILD_EXAMPLES=ON "$@"
cmake --build build --parallel "$(nproc)"
tests/run_rooms.sh build
ctest --test-dir build --output-on-failure -L source
