# shellcheck shell=bash
# setup.sh - what quickstart.sh, test.sh and datasets/fetch.sh share; sourced, not run.
#
#   setup_packages NAME...   installs the Debian packages among NAME that are missing
#   setup_open_mpi RANKS     exports what Open MPI needs to start RANKS processes here
#   setup_build              configures and builds the release preset into build/

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# shellcheck disable=SC2034 # used by the scripts that source this one
build_packages=(build-essential cmake pkg-config libopenmpi-dev openmpi-bin libopenblas-dev libhdf5-dev
    libyaml-dev librandom123-dev libxxhash-dev zlib1g-dev)

say() { printf '== %s\n' "$*"; }

die() {
    printf '%s: error: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

package_installed() {
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Runs a command as root: directly, or through sudo, which asks for a password only where there is a terminal.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif [ -t 0 ]; then
        sudo "$@"
    else
        sudo --non-interactive "$@"
    fi
}

setup_packages() {
    local name missing=()
    if ! command -v dpkg-query >/dev/null; then
        say "not a Debian system: make sure that the counterparts of these packages are here: $*"
        return
    fi
    for name in "$@"; do
        package_installed "$name" || missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0

    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
        die "missing packages, and neither root nor sudo to install them; ask for: apt-get install ${missing[*]}"
    fi
    say "installing ${missing[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update ||
        die "apt-get update failed; are you allowed to use sudo, and is the network there?"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends \
        -o Dpkg::Use-Pty=0 "${missing[@]}" </dev/null >/dev/null || die "apt-get could not install: ${missing[*]}"
}

setup_open_mpi() {
    local ranks=$1 free
    if [ "$(id -u)" -eq 0 ]; then # in a container root is often all there is
        export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    fi
    if [ "$ranks" -gt "$(nproc)" ]; then # start them all the same, and let waiting ranks give way
        export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1
    fi
    # Shared windows live in /dev/shm, which containers often limit to 64 MB; a file in the temporary folder does too.
    free=$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1) || free=0
    if [ "${free:-0}" -lt 524288 ]; then
        export OMPI_MCA_osc_sm_backing_directory="${TMPDIR:-/tmp}"
    fi
}

setup_build() {
    say "building (release) in build/"
    (cd "$root" && cmake --preset release >/dev/null && cmake --build --preset release --parallel "$(nproc)" -- --quiet) ||
        die "the build failed; its messages stand above"
}
