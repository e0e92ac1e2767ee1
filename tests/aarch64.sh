#!/bin/bash
# Cross-builds for 64-bit ARM the tests of all rooms but those of text, and runs them under qemu's emulation, on a
# processor with NEON alone and on one with all dot products. Installs what is missing (Debian, as root or with sudo).
# Arguments go to cmake, for example -DCMAKE_CXX_FLAGS=-march=armv8.2-a+dotprod; the build folder is build-aarch64/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tests/packages.sh

# Those that know no text; a tokenizer's libraries would have to be there for ARM as well.
rooms=(core kernels formats weights nn generate models)
# Emulation dies of starting a thread in a forked child; what else is left out takes it a quarter of an hour to say of
# whole models what the kernels' tests say of each kernel.
left_out='ForkedChild|DecoderProperties'

install_packages "${cross_packages[@]}"
use_fast_tools
folder=build-aarch64
cross=(-DCMAKE_TOOLCHAIN_FILE="$PWD/.cmake/aarch64-linux-gnu.cmake" -DCMAKE_BUILD_TYPE=Release
  -DCMAKE_CXX_FLAGS_RELEASE="-O2 -DNDEBUG")

# The distribution's library is for the machine at hand; its source is for any.
cmake -S /usr/src/googletest -B "$folder/googletest" "${cross[@]}" -DBUILD_GMOCK=OFF \
  -DCMAKE_INSTALL_PREFIX="$PWD/$folder/prefix"
cmake --build "$folder/googletest" --parallel "$(nproc)" --target install

cmake -S . -B "$folder" "${cross[@]}" -DCMAKE_PREFIX_PATH="$PWD/$folder/prefix" -DHEADFORMER_TEXT=OFF \
  -DHEADFORMER_BUILD_TESTS=ON -DHEADFORMER_BUILD_BENCHMARKS=OFF -DHEADFORMER_BUILD_EXAMPLES=OFF "$@"
cmake --build "$folder" --parallel "$(nproc)" --target "${rooms[@]/%/_test}"
for processor in cortex-a53 max; do
  echo "==> $processor"
  QEMU_CPU=$processor ctest --test-dir "$folder" --output-on-failure -j2 -L "^($(IFS='|' && echo "${rooms[*]}"))\$" \
    -E "$left_out" --output-log "$folder/ctest-$processor.log"
done
