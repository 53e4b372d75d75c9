/* main.c - starts MPI, runs a command, and ends with its exit code. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/cli/run.h"
#include "math/blas.h"
#include "core/system/clock.h"
#include "core/log.h"
#include "core/mem.h"
#include "core/system/stop.h"
#include "io/guard.h"

/* OpenBLAS chooses its kernels before main runs. A slow choice is corrected by starting the program again
 * with OPENBLAS_CORETYPE set. Without /proc the run continues with the slow kernels. */
static void main_restart_with_better_blas(char **argv)
{
    const char *core = blas_better_core();
    if (!core || getenv("OPENBLAS_CORETYPE")) return;
    char path[4096]; /* executing the link itself would name the process "exe" */
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length < 0) return;
    path[length] = '\0';
    setenv("OPENBLAS_CORETYPE", core, 1);
    execv(path, argv);
}

static void main_report_end(enum status status)
{
    if (status_is_stop(status))
        printf("%s\n", status_text());
    else if (status != STATUS_OK)
        fprintf(stderr, "ddp_train: error: %s\n", status_text());
    fflush(stdout);
}

/* Blocks signals before any library starts: a rank that dies while others are in MPI_Init can hang the
 * launcher, and signals are for the main thread, not for threads of libraries. */
__attribute__((section(".preinit_array"), used)) static void (*const block_signals)(void) = stop_block;

int main(int argc, char **argv)
{
    main_restart_with_better_blas(argv);
    clock_start();
    guard_enable_waitpid();
    struct comm *comm = NULL;
    enum status status = comm_create(&comm, &argc, &argv);
    bool first = !comm || comm_rank(comm) == 0;
    log_enable(first);
    if (status == STATUS_OK) status = cli_run(comm, argc, argv);
    if (first) main_report_end(status);
    comm_destroy(&comm);
    assert(mem_alive() == 0);
    return status;
}
