#!/bin/bash
# Checks that includes go one way, down the house (the rooms under include/headformer/), that each names an existing
# file by its full name, that third-party headers stay in the rooms that may use them, and that nothing an X-inl.hpp
# includes leads back to X.hpp: such a header, included first, would not be there yet where X-inl.hpp needs it. Prints
# one line a fault.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../include/headformer"

declare -A may_include=(
  [core]="core"
  [kernels]="core kernels"
  [formats]="core formats"
  [preprocess]="core formats preprocess"
  [generate]="core formats generate"
  [weights]="core kernels formats preprocess generate weights"
  [nn]="core kernels formats preprocess generate weights nn"
  [adapt]="core kernels formats preprocess generate weights nn adapt"
  [blocks]="core kernels formats preprocess generate weights nn adapt blocks"
  [models]="core kernels formats preprocess generate weights nn adapt blocks models"
  [auto]="core kernels formats preprocess generate weights nn adapt blocks models auto"
  [pipelines]="core kernels formats preprocess generate weights nn adapt blocks models auto pipelines"
  [.]="core kernels formats preprocess generate weights nn adapt blocks models auto pipelines ."
)

faults=0
fault() {
  echo "include/headformer/$1"
  faults=$((faults + 1))
}

# Takes the name of an included file below headformer/; prints its room, '.' for the top. What opens checkpoints by name,
# auto*.hpp, is a room of its own: pipelines stand on it.
room_of() {
  case $1 in
    */*) echo "${1%%/*}" ;;
    auto*) echo auto ;;
    *) echo . ;;
  esac
}

declare -A includes=()  # of each file, the files of ours that it includes

# Takes a file and one that should not be among what it includes, at first or further hand; true when it is.
leads_to() {
  local -A seen=()
  local rest=("$1") file next
  while ((${#rest[@]} > 0)); do
    file=${rest[-1]}
    unset 'rest[-1]'
    for next in ${includes[$file]:-}; do
      if [[ $next == "$2" ]]; then return 0; fi
      if [[ -z ${seen[$next]:-} ]]; then
        seen[$next]=1
        rest+=("$next")
      fi
    done
  done
  return 1
}

files=$(find . -type f \( -name '*.hpp' -o -name '*.inc' \) -printf '%P\n' | sort)
for file in $files; do
  room=$(room_of "$file")
  if [[ -z ${may_include[$room]:-} ]]; then
    fault "$file: the house has no room '$room'"
    continue
  fi
  if [[ $file == *.hpp ]] && ! grep -q '^#pragma once$' "$file"; then
    fault "$file: expected #pragma once, found none"
  fi
  while IFS=: read -r line include; do
    name=$(sed -E 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]([^">]*)[">].*/\1/' <<<"$include")
    case $name in
      headformer/*)
        target=${name#headformer/}
        includes[$file]+=" $target"
        if [[ ! -f $target ]]; then fault "$file:$line: includes $name, which does not exist"; fi
        if [[ " ${may_include[$room]} " != *" $(room_of "$target") "* ]]; then
          fault "$file:$line: '$room' may include only: ${may_include[$room]}; found $name"
        fi
        ;;
      pcre2.h | utf8proc.h)
        if [[ $room != preprocess ]]; then fault "$file:$line: expected $name in preprocess only"; fi
        ;;
      zlib.h)
        if [[ $room != pipelines ]]; then fault "$file:$line: expected $name in pipelines only"; fi
        ;;
      nlohmann/*)
        if [[ $room == core || $room == kernels ]]; then fault "$file:$line: '$room' parses nothing; found $name"; fi
        ;;
      *)
        if [[ $include == *\"* ]]; then fault "$file:$line: expected \"headformer/...\", found \"$name\""; fi
        ;;
    esac
  done < <(grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]' "$file" || true)
done

for file in $(grep -e '-inl\.hpp$' <<<"$files"); do
  for target in ${includes[$file]}; do
    if [[ $target != "${file/-inl/}" ]] && leads_to "$target" "${file/-inl/}"; then
      fault "$file: includes $target, which leads back to ${file/-inl/}"
    fi
  done
done

if ((faults > 0)); then
  echo "$faults fault(s)"
  exit 1
fi
echo "$(wc -l <<<"$files") files: every include goes down the house"
