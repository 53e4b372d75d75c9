#!/usr/bin/env bash
# test.sh - installs what build and tests need, builds, and runs all tests but those for a night. Arguments go to ctest
# instead, e.g. `launch/test.sh -R e2e` for the end-to-end tests, `launch/test.sh -N` for a list, `-L night` for a night.
set -euo pipefail
# shellcheck source=launch/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

setup_packages "${build_packages[@]}" python3 python3-venv python3-numpy python3-h5py python3-torch python3-sklearn valgrind \
    shellcheck iproute2 util-linux clang libclang-rt-14-dev \
    man-db zsh fish chromium fonts-dejavu-core lintian
setup_slurm
setup_venv
setup_open_mpi 8 # the tests start up to 8 ranks
setup_build

cd "$root"
[ $# -gt 0 ] || set -- -LE night
# Twice as many tests as there are processors: most of them wait for ranks to start and to end.
exec ctest --preset release --parallel "$((2 * $(nproc)))" "$@" </dev/null
