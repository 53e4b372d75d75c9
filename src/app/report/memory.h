/* memory.h - the memory that a run will need, computed without allocating it. Private to the app layer. */
#ifndef APP_REPORT_MEMORY_H
#define APP_REPORT_MEMORY_H

#include "comm/comm.h"
#include "train/config.h"

/* Bytes; `rank` is private to each rank (that of the rank with most), `node` is what all ranks of the first
 * node need together. */
struct memory_row {
    const char *name;
    double rank, node;
    bool is_shared_with_training; /* uses the memory of the training pass: not part of the total */
};

enum {
    MEMORY_TRAINING,
    MEMORY_EVALUATION,
    MEMORY_PARAMETERS,
    MEMORY_GRADIENTS,
    MEMORY_OPTIMIZER,
    MEMORY_CHECKPOINT,
    MEMORY_DATA,
    MEMORY_TOTAL,
    MEMORY_ROWS
};

struct memory_plan {
    struct memory_row rows[MEMORY_ROWS];
};

/* Computes the plan from the configuration, the headers of the data files and the memory that the sets take in
 * their stores (sets_report_stores). The kernels are chosen and the ranks are split into nodes. For rank 0;
 * local. Errors: those of opening the data, of the steps that change the shape of samples, and of building the
 * model. */
enum status memory_plan(struct memory_plan *plan, const struct kernels *kernels, const struct config *config,
                        const struct comm *comm, double data_bytes);

/* Logs the plan as a table; warns if it is more than this machine has. For rank 0; local. */
void memory_report(const struct memory_plan *plan);

#endif
