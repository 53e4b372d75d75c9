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

/* OpenBLAS chooses its kernels before main runs, so a wrong choice is mended by starting over, once: the
 * variable is set then. Without /proc the run goes on, only slower. */
static void restart_with_better_blas(char **argv)
{
    const char *core = blas_better_core();
    if (!core || getenv("OPENBLAS_CORETYPE")) return;
    char path[4096]; /* the link itself would make the process show as "exe" */
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length < 0) return;
    path[length] = '\0';
    setenv("OPENBLAS_CORETYPE", core, 1);
    execv(path, argv);
}

static void tell_end(enum status status)
{
    if (status_is_stop(status))
        printf("%s\n", status_text());
    else if (status != STATUS_OK)
        fprintf(stderr, "ddp_train: error: %s\n", status_text());
    fflush(stdout);
}

/* Called before any library starts: no signal shall end a rank while others are in MPI_Init, and threads
 * of libraries shall leave signals to the main thread. */
__attribute__((section(".preinit_array"), used)) static void (*const before_libraries)(void) = stop_hold;

int main(int argc, char **argv)
{
    restart_with_better_blas(argv);
    clock_start();
    struct comm *comm = NULL;
    enum status status = comm_create(&comm, &argc, &argv);
    bool first = !comm || comm_rank(comm) == 0;
    log_enable(first);
    if (status == STATUS_OK) status = cli_run(comm, argc, argv);
    if (first) tell_end(status);
    comm_destroy(&comm);
    assert(mem_alive() == 0);
    return status;
}
