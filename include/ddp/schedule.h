/* schedule.h - learning rate over steps, as a pure function, so there is nothing to save or to restore. */
#ifndef DDP_SCHEDULE_H
#define DDP_SCHEDULE_H

#include <stdint.h>

#include "ddp/arg.h"
#include "ddp/status.h"

struct schedule_point {
    int64_t step;            /* 0 .. total_steps-1 */
    int64_t steps_per_epoch; /* > 0 */
    int64_t total_steps;
};

/* Every schedule warms up linearly over its first argument, "warmup_epochs" (which may be a fraction): step s
 * of w warm-up steps has (s + 1) / w of the rate. `rate` is asked about the time after that. */
struct schedule_ops {
    const char *name;
    const char *help;
    const struct arg *args;

    /* The rate at `step` of `steps`, both counted after the warm-up. */
    double (*rate)(const double *args, double base_lr, double step, double steps, int64_t steps_per_epoch);

    /* Replaces the linear warm-up if not NULL: the rate at `step` of `steps` of it. Only such a warm-up
     * may last a fraction of a step. */
    double (*warmup)(const double *args, double base_lr, double step, double steps);
    double warmup_share; /* of all steps, where warmup_epochs is 0 */
};

#define SCHEDULE_WARMUP_ARG                                                                                  \
    {                                                                                                        \
        "warmup_epochs", ARG_REAL, 0, 0, 1e6, "epochs over which the rate rises"                             \
    }

/* The rate of a step. */
double schedule_rate(const struct schedule_ops *ops, const double *args, double base_lr,
                     const struct schedule_point *at);

const struct schedule_ops *const *schedule_registry(void);
const struct schedule_ops *schedule_find(const char *name);

#endif
