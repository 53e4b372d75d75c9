/* machines.h - whether all ranks reckon alike: what the bits of a result depend on besides configuration and data.
 *
 * That is the program itself, the instruction-set level of its kernels, OpenBLAS with the kernels it has chosen, the C library and
 * whether its functions use FMA, and the order of bytes. Private to the app layer. */
#ifndef APP_RUNDIR_MACHINES_H
#define APP_RUNDIR_MACHINES_H

#include <stdbool.h>

#include "app/report/json.h"
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
    bool differ;                                /* the same on all ranks */
    char text[MACHINES_TEXT];                   /* rank 0: what differs, and where; "" = nothing */
};

/* Chooses the kernels, and compares all ranks. Collective. Errors: STATUS_CONFIG when they differ, unless sync.mixed allows
 * it; what choosing kernels says. */
enum status machines_compare(struct machines *m, struct comm *comm, const struct config *config);

/* As members of an open object. */
void machines_write(struct json *j, const struct machines *m);

#endif
