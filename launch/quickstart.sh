#!/usr/bin/env bash
# quickstart.sh - from a fresh Debian 12 to a trained network: installs what is missing, builds, and trains the
# built-in demo on two ranks. Arguments go to ddp_train, e.g. `launch/quickstart.sh --train.epochs=1`.
set -euo pipefail
# shellcheck source=launch/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

ranks=${RANKS:-2}
setup_packages "${build_packages[@]}"
setup_open_mpi "$ranks"
setup_build

cd "$root"
# two jobs on one machine would be bound to the same cores
export OMPI_MCA_hwloc_base_binding_policy=${OMPI_MCA_hwloc_base_binding_policy:-none}
say "mpirun -np $ranks build/ddp_train${*:+ $*}"
exec mpirun -np "$ranks" build/ddp_train "$@" </dev/null
