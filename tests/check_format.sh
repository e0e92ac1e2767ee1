#!/bin/bash
# Checks the formatting of every C++ file against .clang-format, or with --fix corrects it. The version of clang-format
# matters: packages.sh names it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tests/packages.sh

mode=(--dry-run -Werror)
if [[ ${1:-} == --fix ]]; then mode=(-i); fi
find include tests benchmarks examples -type f \( -name '*.hpp' -o -name '*.cpp' -o -name '*.inc' \) \
  -not -path '*/goldens/*' -not -path '*/build*/*' -print0 | xargs -0 "$format_package" "${mode[@]}"
