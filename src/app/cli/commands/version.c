/* version.c - prints the version and the libraries. */
#include <stdio.h>

#include "app/cli/commands/commands.h"
#include "io/h5/h5.h"
#include "math/blas.h"
#include "math/kernels.h"

enum status cmd_version(struct comm *comm, struct arguments *a)
{
    (void)comm, (void)a;
    blas_start();
    const struct kernels *kernels;
    TRY(kernels_select(&kernels, "auto"));
    char hdf5[H5_NAME_SIZE];
    h5_version(hdf5);
    printf(
        "ddp_train %s\ncompiler  %s\nkernels   %s\nOpenBLAS  %s\nlibyaml   %s\nHDF5      %s\nMPI       %s\n",
        DDP_VERSION, __VERSION__, kernels->level, blas_core(), yaml_version(), hdf5, comm_version());
    return STATUS_OK;
}
