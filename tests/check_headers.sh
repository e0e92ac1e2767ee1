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

# Takes a chain of headers, separated by blanks, and the compiler's command.
compile_chain() {
  local chain=$1
  shift
  tr ' ' '\n' <<<"$chain" | sed 's/.*/#include "&"/' | "$@" -x c++ - || {
    echo "does not compile alone, one of: $chain"
    return 1
  }
}
export -f compile_chain

# Reads headers, prints them in chains: each but the first includes the one before it, directly or by others, and so
# everything that lies before it in the chain. It lacks nothing there that it would not lack alone, so a chain is
# compiled in one go, which takes a third of the time. (Headers that include each other are not put into one chain.)
chains() {
  awk '
    # Lines of grep: include/FILE:#include "OTHER"
    FILENAME != "-" {
      split($0, part, /[:"]/)
      sub(/^include\//, "", part[1])
      if (part[3] !~ /-inl\.hpp$/) includes[part[1]] = includes[part[1]] " " part[3]
      next
    }
    { headers[++count] = $0 }
    function reach(from,    stack, top, at, next_ones, n, i, size) {
      stack[top = 1] = from
      while (top > 0) {
        at = stack[top--]
        if ((from, at) in reached) continue
        reached[from, at]
        ++size
        n = split(includes[at], next_ones, " ")
        for (i = 1; i <= n; ++i) stack[++top] = next_ones[i]
      }
      return size
    }
    END {
      for (i = 1; i <= count; ++i) {
        sizes[i] = reach(headers[i])
        if (sizes[i] > most) most = sizes[i]
      }
      for (size = 1; size <= most; ++size) {
        for (i = 1; i <= count; ++i) {
          if (sizes[i] != size) continue
          best = 0
          for (c = 1; c <= chain_count; ++c)
            if (tops[c] < size && (headers[i], last[c]) in reached && (best == 0 || tops[c] > tops[best])) best = c
          if (best == 0) best = ++chain_count
          chain[best] = chain[best] (chain[best] == "" ? "" : " ") headers[i]
          last[best] = headers[i]
          tops[best] = size
        }
      }
      for (c = 1; c <= chain_count; ++c) print chain[c]
    }' <(grep -r --include='*.hpp' '^#include "headformer/' include) -
}

headers=$(cd include && find headformer -name '*.hpp' | sort)
if $but_compiled; then
  bodies=$(grep -e '-inl\.hpp$' <<<"$headers")
  headers=$(grep -vxF -e "$bodies" -e "${bodies//-inl.hpp/.hpp}" <<<"$headers")
fi
# xargs ends with 123 when any of them failed; the messages above say which.
chains <<<"$headers" |
  xargs -P "$(nproc)" -I '{}' bash -c 'compile_chain "$@"' _ '{}' "$compiler" "${flags[@]}" "$@"
echo "$(wc -l <<<"$headers") headers compile alone with $compiler"
