#!/bin/bash
# What it takes to compile a program with headformer: seconds of processor (user + system), memory of the compiler, and
# the size of the stripped program. compile_time.sh [BUILD], where BUILD is an existing build folder configured with
# HEADFORMER_COMPILED=ON; without one the rows against headformer::compiled are left out.
# CXX chooses the compiler (g++), CXXFLAGS the flags (-O2).
set -euo pipefail
if (($# > 1)); then
  echo "usage: $0 [BUILD]" >&2
  exit 1
fi
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
compiler=${CXX:-g++}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
read -ra optimise <<<"${CXXFLAGS:--O2}"
read -ra includes <<<"$(pkg-config --cflags eigen3 nlohmann_json libpcre2-8 libutf8proc zlib)"
read -ra libraries <<<"$(pkg-config --libs libpcre2-8 libutf8proc zlib)"
flags=(-std=c++20 "${optimise[@]}" "-I$root/include" "${includes[@]}")

# Takes a row's name, a source file and further flags and libraries; prints the row.
measure() {
  local name=$1 source=$2
  shift 2
  # The library comes with the flags; it is for the linker alone.
  local compile=() link=()
  local argument
  for argument in "$@"; do
    if [[ $argument == *.a ]]; then link+=("$argument"); else compile+=("$argument"); fi
  done
  local seconds memory size
  /usr/bin/time -o "$work/time" -f '%U %S %M' "$compiler" "${flags[@]}" "${compile[@]}" -c "$source" -o "$work/object.o"
  read -r user system memory <"$work/time"
  seconds=$(awk "BEGIN { printf \"%.1f\", $user + $system }")
  "$compiler" "$work/object.o" "${link[@]}" -o "$work/program" -pthread "${libraries[@]}"
  strip "$work/program"
  size=$(awk "BEGIN { printf \"%.2f\", $(stat -c %s "$work/program") / 1e6 }")
  printf '| %-34s | %8s | %11s | %10s |\n' "$name" "$seconds" "$((memory / 1024))" "$size"
}

cat >"$work/family.cpp" <<'END'
#include <headformer/models/llama.hpp>

int main(int, char** argv) {
  using namespace headformer;
  const Checkpoint checkpoint = Checkpoint::open(argv[1]);
  SerialExecutor executor;
  const NameTable names = llama::names();
  const Llama model(llama::config(checkpoint), Weights(checkpoint, names, {}, executor));
  return model.config().layers.empty();
}
END

cat >"$work/header.cpp" <<'END'
#include <headformer/models/llama.hpp>

int main() {}
END

echo '#include <headformer/headformer.hpp>
int main() {}' >"$work/umbrella.cpp"

echo "$("$compiler" --version | head -n 1), ${optimise[*]}, $(date +%F)"
printf '| %-34s | %8s | %11s | %10s |\n' "" seconds "memory, MiB" "binary, MB"
echo '| ---------------------------------- | -------- | ----------- | ---------- |'
measure "hello (text_generator.hpp)" "$root/examples/hello.cpp"
measure "a program of one family" "$work/family.cpp"
measure "a family's header alone" "$work/header.cpp"
measure "a program of everything" "$root/tests/consumer/umbrella.cpp"
measure "the umbrella's header alone" "$work/umbrella.cpp"
if (($# == 1)); then
  compiled=(-DHEADFORMER_COMPILED_LIBRARY "$1/libheadformer_compiled.a")
  measure "hello, compiled library" "$root/examples/hello.cpp" "${compiled[@]}"
  measure "one family, compiled library" "$work/family.cpp" "${compiled[@]}"
  measure "its header alone, compiled library" "$work/header.cpp" "${compiled[@]}"
  measure "everything, compiled library" "$root/tests/consumer/umbrella.cpp" "${compiled[@]}"
fi
