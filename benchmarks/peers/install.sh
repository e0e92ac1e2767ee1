#!/bin/bash
# Makes virtual environments with the peers, pinned, in a folder that you name: benchmarks/peers/install.sh FOLDER.
# FOLDER itself is what measures and makes models, FOLDER/export what converts them for ONNX Runtime, OpenVINO and
# CTranslate2. llama.cpp is built from source for this machine (about 10 minutes on two cores); PyTorch's wheel is large.
# PYTHON names the interpreter (python3.11). On Debian what is missing of compilers is installed.
set -euo pipefail
if (($# != 1)); then
  echo "usage: $0 FOLDER" >&2
  exit 1
fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../tests/packages.sh"
install_packages g++ cmake ninja-build python3-venv
"${PYTHON:-python3.11}" -m venv "$1"
CMAKE_ARGS="-DGGML_NATIVE=ON" "$1/bin/pip" install --no-binary llama-cpp-python -r "$here/requirements.txt"
"${PYTHON:-python3.11}" -m venv "$1/export"
"$1/export/bin/pip" install -r "$here/requirements-export.txt"
echo "$1/bin/python $1/export/bin/python"
