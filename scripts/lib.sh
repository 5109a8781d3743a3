# SPDX-License-Identifier: Apache-2.0
# Shared by the scripts; `source` it. Ends the script with a reason when something cannot be had.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=$(nproc)

say() { printf '== %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# The one list of what a build needs. Arguments: further packages (scripts/fuzz needs clang).
packages() {
  local boost=libboost1.81-dev  # Boost.Math and, for boards, Boost.Asio: 1.81 or later
  [[ $system == ubuntu-24.04 ]] && boost=libboost1.83-dev
  echo build-essential cmake ninja-build ccache g++ libprotobuf-dev protobuf-compiler libfmt-dev libcli11-dev libhdf5-dev liblz4-dev \
    nlohmann-json3-dev librandom123-dev "$boost" libhwy-dev zlib1g-dev libssl-dev libgtest-dev libbenchmark-dev libmetis-dev libusb-1.0-0-dev libumockdev-dev umockdev usbip pkg-config python3-h5py "$@"
}

# ID-VERSION of the system, as in debian-12.
system=$(. /etc/os-release 2>/dev/null && echo "${ID:-unknown}-${VERSION_ID:-unknown}" || echo unknown)

is_installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# Installs what is missing, and only then asks the network or for rights.
install_packages() {
  local missing=() package as_root=()
  case $system in
    debian-12 | ubuntu-24.04) ;;
    *) say "This is $system; only Debian 12 and Ubuntu 24.04 have been tried." ;;
  esac
  command -v dpkg-query >/dev/null || die "no dpkg here. Install by hand what is called on Debian: $(packages "$@")"
  for package in $(packages "$@"); do
    is_installed "$package" || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die "these packages are missing, and there is neither root nor sudo to install them: ${missing[*]}"
    as_root=(sudo)
    sudo -n true 2>/dev/null || [[ -t 0 ]] || die "these packages are missing, and sudo wants a password that nobody can type: ${missing[*]}"
  fi
  say "Installing what the build needs and this system lacks: ${missing[*]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq update >&2 || die "apt-get update failed; is there a network?"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${missing[@]}" >&2 ||
    die "apt-get could not install: ${missing[*]}"
}

# stage NAME COMMAND...: runs the command and says how long it took, also when it failed.
stage() {
  local name=$1 start=$SECONDS status=0
  shift
  say "$name"
  "$@" || status=$?
  if ((status)); then
    say "$name: FAILED after $((SECONDS - start)) s"
    exit "$status"
  fi
  say "$name: $((SECONDS - start)) s"
}

# build PRESET [TARGET...]: configures, with the options in the array `configure`, and builds.
configure=()
build() {
  local preset=$1 targets=()
  shift
  (($#)) && targets=(--target "$@")
  (cd "$root" && cmake --preset "$preset" "${configure[@]}" >/dev/null && cmake --build --preset "$preset" --parallel "$jobs" "${targets[@]}") >&2
}
