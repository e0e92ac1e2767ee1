#!/bin/bash
# run.sh SECONDS [NAME...]: builds the fuzz harnesses (fuzz_NAME.cpp; all of them without names) with libFuzzer and the
# address and undefined-behaviour sanitizers, and runs each for SECONDS from corpus/NAME, which make_corpus.py makes, and
# found/NAME, what long runs found to reach further (minimised: -merge=1 -use_counters=0). Ends with an error where one
# finds a crash, a hang of 10 s, an allocation of 256 MB or a leak; the input is then under build-fuzz/.
# CXX names the clang++ to use; the newest installed one otherwise.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$(dirname "$here")")
build=$root/build-fuzz

if [[ ! ${1:-} =~ ^[0-9]+$ ]]; then
  echo "usage: $0 SECONDS [NAME...]" >&2
  exit 2
fi
seconds=$1
shift
names=("$@")
if ((${#names[@]} == 0)); then
  for source in "$here"/fuzz_*.cpp; do
    name=$(basename "$source" .cpp)
    names+=("${name#fuzz_}")
  done
fi

# Prints the clang++ of the highest version on the PATH.
newest_clang() {
  compgen -c clang++ | grep -E '^clang\+\+(-[0-9]+)?$' | sort -u -t- -k2,2n | tail -n 1
}
cxx=${CXX:-$(newest_clang)}
if [[ -z $cxx ]]; then
  echo "$0: expected a clang++ on the PATH or in CXX, found none" >&2
  exit 1
fi

mkdir -p "$build"
export here root build cxx seconds

# Both take a harness's name.
build_harness() {
  local flags libraries
  read -ra flags <<<"$(pkg-config --cflags eigen3 libpcre2-8 libutf8proc zlib)"
  read -ra libraries <<<"$(pkg-config --libs libpcre2-8 libutf8proc zlib)"
  "$cxx" -std=c++20 -O1 -g1 -fno-omit-frame-pointer -D_GLIBCXX_ASSERTIONS \
    -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
    -I"$root/include" "${flags[@]}" "$here/fuzz_$1.cpp" -o "$build/fuzz_$1" "${libraries[@]}"
}
run_harness() {
  # What is found goes to a folder of its own; the committed seeds are only read.
  local found=$build/found_$1 log=$build/fuzz_$1.log seeds=() folder
  mkdir -p "$found"
  for folder in "$here/corpus/$1" "$here/found/$1"; do
    if [[ -d $folder ]]; then seeds+=("$folder"); fi
  done
  if ! "$build/fuzz_$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=256 \
    -print_final_stats=1 -artifact_prefix="$build/fuzz_$1-" "$found" "${seeds[@]}" >"$log" 2>&1; then
    tail -n 60 "$log" >&2
    echo "fuzz_$1 failed; its log is $log" >&2
    return 1
  fi
  echo "fuzz_$1: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in $seconds s, no fault"
}
export -f build_harness run_harness

# One harness a processor; xargs ends with an error when one of them does.
printf '%s\n' "${names[@]}" | xargs -P "$(nproc)" -I{} bash -c 'build_harness {}'
printf '%s\n' "${names[@]}" | xargs -P "$(nproc)" -I{} bash -c 'run_harness {}'
