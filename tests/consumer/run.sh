#!/bin/bash
# Builds and runs the consumer projects: run.sh BUILD WORK, where BUILD is a build folder of headformer, with
# HEADFORMER_COMPILED=ON, to install from, and WORK the folder to work in (emptied first).
set -euo pipefail
if (($# != 2)); then
  echo "usage: $0 BUILD WORK" >&2
  exit 1
fi
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$(cd "$1" && pwd)
rm -rf "$2"
mkdir -p "$2"
work=$(cd "$2" && pwd)
compiler=${CXX:-g++}
model=$root/examples/tiny_model
source "$root/tests/packages.sh"
use_fast_tools

# Takes a program and its arguments; it must end well and say something.
check_output() {
  local text
  text=$("$@")
  if [[ -z $text ]]; then
    echo "expected output from $*, found none" >&2
    return 1
  fi
  echo "${1#"$work"/}: $(head -c 100 <<<"$text" | tr '\n' ' ')"
}

echo "--- installed"
cmake --install "$build" --prefix "$work/installed" >"$work/install.log"
# Moved, so that nothing can depend on where it was installed to.
mv "$work/installed" "$work/moved"

# In the background, for it takes a processor as long as several of the others.
echo "--- bare -I, the command of the README, with a user's warnings: begun"
read -ra dependencies <<<"$(pkg-config --cflags --libs eigen3 nlohmann_json libpcre2-8 libutf8proc zlib)"
system=("${dependencies[@]/#-I/-isystem}")
(
  cd "$root"
  exec "$compiler" -std=c++20 -O2 -Iinclude -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror examples/hello.cpp \
    -o "$work/hello" -pthread "${system[@]}"
) &
bare_job=$!
trap 'kill "$bare_job" 2>/dev/null || true' EXIT

# Debug, because it compiles fastest and nothing else here is built without optimisation.
for project in find_package models_only; do
  echo "--- $project"
  cmake -S "$root/tests/consumer/$project" -B "$work/$project" -DCMAKE_BUILD_TYPE=Debug \
    -DCMAKE_PREFIX_PATH="$work/moved"
  cmake --build "$work/$project" --parallel "$(nproc)"
done
check_output "$work/find_package/hello" "$model"
check_output "$work/models_only/ids" "$model"
if ldd "$work/models_only/ids" | grep -E 'pcre|utf8proc|libz'; then
  echo "expected nothing of text linked to models_only/ids" >&2
  exit 1
fi

echo "--- compiled: linked with the library of what takes long to compile"
cmake -S "$root/tests/consumer/compiled" -B "$work/compiled" -DCMAKE_BUILD_TYPE=Debug \
  -DCMAKE_PREFIX_PATH="$work/moved"
cmake --build "$work/compiled" --parallel "$(nproc)"
for program in hello ids umbrella; do check_output "$work/compiled/$program" "$model"; done
if [[ $("$work/compiled/ids" "$model") != $("$work/models_only/ids" "$model") ]]; then
  echo "expected the same id from the compiled library as from the headers" >&2
  exit 1
fi

echo "--- fetch_content"
cmake -S "$root/tests/consumer/fetch_content" -B "$work/fetch_content" -DCMAKE_BUILD_TYPE=Debug \
  -DHEADFORMER_SOURCE="$root"
cmake --build "$work/fetch_content" --parallel "$(nproc)"
check_output "$work/fetch_content/hello" "$model"
check_output "$work/fetch_content/ids" "$model"

echo "--- bare"
wait "$bare_job"
check_output "$work/hello" "$model"

echo "--- flags: two translation units with different machine flags"
cd "$root/tests/consumer/flags"
read -ra dependencies <<<"$(pkg-config --cflags eigen3 nlohmann_json)"
common=(-std=c++20 -O2 "-I$root/include" "${dependencies[@]}")
wide=()
if [[ $(uname -m) == x86_64 ]] && grep -qw avx2 /proc/cpuinfo; then wide=(-mavx2 -mfma); fi
"$compiler" "${common[@]}" -DFUNCTION=logits_plain -c logits.cpp -o "$work/plain.o" &
plain_job=$!
"$compiler" "${common[@]}" "${wide[@]}" -DFUNCTION=logits_wide -c logits.cpp -o "$work/wide.o"
wait "$plain_job"
"$compiler" "${common[@]}" main.cpp "$work/plain.o" "$work/wide.o" -o "$work/flags" -pthread
"$work/flags" "$model"
# The other order of linking, because the linker keeps the first of two equal names.
"$compiler" "${common[@]}" main.cpp "$work/wide.o" "$work/plain.o" -o "$work/flags_reversed" -pthread
"$work/flags_reversed" "$model"
echo "consumer projects: all well"
