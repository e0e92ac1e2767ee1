#!/bin/bash
# Checks that every header compiles alone, without a warning: check_headers.sh [--but-compiled] [COMPILER] [FLAG]...
#
# --but-compiled leaves out every X.hpp that has an X-inl.hpp, and that: where the library headformer::compiled is built,
# they are a source of their own, with nothing before them.
#
# With headformer::compiled in mind (core/compiled.hpp), because that is the stricter way: an X.hpp then lacks what its
# X-inl.hpp includes, and the X-inl.hpp, alone, is what the library compiles. Header-only the two come together; what
# could then be missing is a matter of the includes' order, which check_house.sh sees to.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
but_compiled=false
if [[ ${1:-} == --but-compiled ]]; then
  but_compiled=true
  shift
fi
compiler=${1:-g++}
shift || true

flags=(-std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -Iinclude
  -DHEADFORMER_COMPILED_LIBRARY)
# A dependency that pkg-config does not know lies in the compiler's own paths.
for flag in $(pkg-config --cflags-only-I eigen3 nlohmann_json libpcre2-8 libutf8proc zlib 2>/dev/null || true); do
  flags+=(-isystem "${flag#-I}")
done

compile_alone() {
  local header=$1
  shift
  printf '#include "%s"\n' "$header" | "$@" -x c++ - || {
    echo "include/$header: does not compile alone"
    return 1
  }
}
export -f compile_alone

headers=$(cd include && find headformer -name '*.hpp' | sort)
if $but_compiled; then
  bodies=$(grep -e '-inl\.hpp$' <<<"$headers")
  headers=$(grep -vxF -e "$bodies" -e "${bodies//-inl.hpp/.hpp}" <<<"$headers")
fi
# xargs ends with 123 when any of them failed; the messages above say which.
xargs -P "$(nproc)" -I '{}' bash -c 'compile_alone "$@"' _ '{}' "$compiler" "${flags[@]}" "$@" <<<"$headers"
echo "$(wc -l <<<"$headers") headers compile alone with $compiler"
