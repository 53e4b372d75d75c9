# shellcheck shell=bash
# setup.sh - what quickstart.sh, test.sh and datasets/fetch.sh share; sourced, not run.
#
#   setup_packages NAME...   installs the Debian packages among NAME that are missing
#   setup_slurm              installs Slurm, which some tests use; where it cannot be, they are skipped
#   setup_open_mpi RANKS     exports what Open MPI needs to start RANKS processes here
#   setup_venv               puts what tests need of PyPI into build/venv; where it cannot be, they are skipped
#   setup_build              configures and builds the release preset into build/

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# shellcheck disable=SC2034 # used by the scripts that source this one
build_packages=(build-essential cmake pkg-config libopenmpi-dev openmpi-bin libopenblas-dev libhdf5-dev
    libyaml-dev librandom123-dev libxxhash-dev zlib1g-dev
    libzip-dev libjansson-dev)

# Programs that read exported models and event files. Debian's numpy has to stay: its h5py is built for it.
pypi_packages=(onnx==1.23.2 onnxruntime==1.32.0 safetensors==0.8.0 tensorboard==2.21.0 'numpy<2')

slurm_packages=(slurmctld slurmd slurm-client slurm-wlm-basic-plugins munge)

say() { printf '== %s\n' "$*"; }

die() {
    printf '%s: error: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

package_installed() {
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing_packages() { # NAME...; prints one name per line
    local name
    for name in "$@"; do
        package_installed "$name" || echo "$name"
    done
}

# Runs a command whose output matters only when it fails.
quietly() {
    local output
    output=$("$@" 2>&1) || {
        printf '%s\n' "$output" | tail -n 40 >&2
        return 1
    }
}

# Sets `sudo` to what makes a command run as root; fails where nothing does. A password is asked for only on a terminal.
find_sudo() {
    sudo=()
    [ "$(id -u)" -ne 0 ] || return 0
    command -v sudo >/dev/null || return 1
    sudo=(sudo --non-interactive)
    ! "${sudo[@]}" true 2>/dev/null || return 0
    [ -t 0 ] || return 1
    sudo=(sudo)
    say "administrator rights are needed to install $*"
    sudo true
}

# A machine that has just started may be busy with its own updates: the option waits for dpkg.
apt_get() {
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@"
}

# apt-get update knows no such option: it is tried for a minute.
apt_update() {
    local attempt
    for ((attempt = 1; attempt <= 6; attempt++)); do
        ! apt_get update >/dev/null 2>&1 || return 0
        sleep 10
    done
    quietly apt_get update
}

setup_packages() {
    local missing sudo
    if ! command -v dpkg-query >/dev/null; then
        say "not a Debian system: install the counterparts of these packages yourself: $*"
        return
    fi
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0

    find_sudo "${missing[@]}" ||
        die "packages are missing, and installing them needs root or sudo; ask for: apt-get install ${missing[*]}"
    say "installing ${missing[*]}"
    apt_update || die "apt-get update failed, for the reason above"
    quietly apt_get install --yes --no-install-recommends "${missing[@]}" </dev/null ||
        die "apt-get could not install ${missing[*]}, for the reason above; is the network reachable?"
}

# In a subshell, which undoes at its end what it changed: Slurm's packages start daemons, which fail without a configuration
# and are not needed, as the tests start their own. A file policy-rc.d keeps Debian from starting any; an existing one stays.
install_slurm() (
    policy=/usr/sbin/policy-rc.d sudo=()
    find_sudo "${slurm_packages[@]}" || exit 1
    if [ ! -e "$policy" ]; then
        trap '"${sudo[@]}" rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" install -m 755 /dev/stdin "$policy" || exit 1
    fi
    setup_packages "${slurm_packages[@]}"
)

setup_slurm() {
    if ! command -v dpkg-query >/dev/null || [ -z "$(missing_packages "${slurm_packages[@]}")" ]; then
        return
    fi
    install_slurm || say "Slurm could not be installed, for the reason above; the tests that need it are skipped"
}

setup_open_mpi() {
    local ranks=$1 free
    if [ "$(id -u)" -eq 0 ]; then # in a container root is often all there is
        export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    fi
    # Open MPI counts cores, not hardware threads, and refuses more ranks; where they fit, this changes nothing.
    export OMPI_MCA_rmaps_base_oversubscribe=1
    if [ "$ranks" -gt "$(nproc)" ]; then
        export OMPI_MCA_mpi_yield_when_idle=1 # waiting ranks give way
    fi
    # Shared windows live in /dev/shm, which containers often limit to 64 MB; a file in the temporary folder does too.
    free=$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1) || free=0
    if [ "${free:-0}" -lt 524288 ]; then
        export OMPI_MCA_osc_sm_backing_directory="${TMPDIR:-/tmp}"
    fi
}

install_venv() {
    /usr/bin/python3 -m venv --system-site-packages --clear "$1" &&
        "$1/bin/pip" install --quiet --disable-pip-version-check "${pypi_packages[@]}" &&
        printf '%s\n' "${pypi_packages[@]}" >"$1/installed"
}

# The file `installed` is the last one, and says what there is.
setup_venv() {
    local venv="$root/build/venv"
    if printf '%s\n' "${pypi_packages[@]}" | cmp --silent - "$venv/installed"; then return; fi
    say "installing from PyPI: ${pypi_packages[*]}"
    quietly install_venv "$venv" || say "that failed, for the reason above; the tests that need it are skipped"
}

build() {
    cd "$root" && cmake --preset release && cmake --build --preset release --parallel "$(nproc)"
}

setup_build() {
    say "building (release) in build/; the first time takes a minute"
    quietly build || die "the build failed; its last messages are above"
}
