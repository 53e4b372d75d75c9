/* machines.h - whether all ranks produce bit-identical results.
 *
 * Besides configuration and data, results depend on the program, the instruction-set level of its kernels,
 * OpenBLAS and the kernels it has chosen, the C library, whether its functions use FMA, and the byte order.
 * Private to the app layer. */
#ifndef APP_RUNDIR_MACHINES_H
#define APP_RUNDIR_MACHINES_H

#include <stdbool.h>

#include "io/json.h"
#include "comm/comm.h"
#include "train/config.h"

#define MACHINES_VALUE 128
#define MACHINES_TEXT  768

enum machines_fact {
    FACT_PROGRAM,
    FACT_KERNELS,
    FACT_CORE,
    FACT_BLAS,
    FACT_LIBC,
    FACT_FMA,
    FACT_BYTES,
    MACHINES_FACTS
};

struct machines {
    char facts[MACHINES_FACTS][MACHINES_VALUE]; /* of this rank */
    bool differ;                                /* the same value on all ranks */
    char text[MACHINES_TEXT]; /* rank 0: what differs, on which hosts, and what to do; "" = nothing */
};

/* Chooses the kernels and compares all ranks. Collective. Errors: STATUS_CONFIG if they differ and sync.mixed
 * does not allow it; errors of kernels_select. */
enum status machines_compare(struct machines *m, struct comm *comm, const struct config *config);

/* Writes the facts as members of an open object. */
void machines_write(struct json *j, const struct machines *m);

#endif
