# shellcheck shell=bash disable=SC2034
# Sourced by the scripts that install what they need. The one list of Debian packages.

# To build everything and to run the tests.
build_packages=(g++ cmake ninja-build pkgconf libeigen3-dev nlohmann-json3-dev libpcre2-dev libutf8proc-dev zlib1g-dev
  libcli11-dev libsndfile1-dev libstb-dev libwebp-dev libgtest-dev libbenchmark-dev)

# To build and run the tests for 64-bit ARM on another machine.
cross_packages=(g++-aarch64-linux-gnu qemu-user cmake ninja-build libeigen3-dev nlohmann-json3-dev googletest)

# Formatting differs between versions; this one is in bookworm and in trixie.
format_package=clang-format-19

# Takes a package's name; true when it is installed.
installed() {
  [[ $(dpkg-query --show --showformat '${db:Status-Abbrev}' "$1" 2>/dev/null) == ii* ]]
}

# Takes a package's name; true when this Debian has it.
available() {
  [[ -n $(apt-cache madison "$1" 2>/dev/null) ]]
}

as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  else
    sudo "$@"
  fi
}

refresh_package_lists() {
  if [[ -z ${package_lists_are_fresh:-} ]]; then
    as_root apt-get update -q
    package_lists_are_fresh=1
  fi
}

# Takes names of packages; installs with apt those that are missing, asks nothing, and is silent when none is.
install_packages() {
  local missing=() package
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "$0: no Debian: taking for granted that these are installed: $*" >&2
    return
  fi
  for package in "$@"; do
    installed "$package" || missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then return; fi
  if [[ $(id -u) != 0 ]] && ! command -v sudo >/dev/null; then
    echo "$0: neither root nor sudo: install these first: ${missing[*]}" >&2
    return 1
  fi
  echo "installing ${missing[*]}"
  refresh_package_lists
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
}

# The defaults of a first configuration; a build folder that exists keeps what it was made with.
use_fast_tools() {
  if command -v ninja >/dev/null; then export CMAKE_GENERATOR=${CMAKE_GENERATOR:-Ninja}; fi
  if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER:-ccache}; fi
}
