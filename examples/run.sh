#!/bin/bash
# Installs what is missing (Debian, as root or with sudo), builds the example `generate` and runs it: on the bundled
# tiny model, or on the checkpoint given as the first argument (a Hugging Face folder or a GGUF file). More arguments go
# to `generate`, for example: examples/run.sh ~/gemma.gguf --prompt "The capital of Norway is"
set -euo pipefail
caller=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
source tests/packages.sh

{
  install_packages "${build_packages[@]}"
  use_fast_tools
  cmake -S . -B build -DCMAKE_BUILD_TYPE=Release
  cmake --build build --parallel "$(nproc)" --target generate
} >&2

cd "$caller"
exec "$root/build/examples/generate" "$@"
