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

struct schedule_ops {
    const char *name;
    const char *help;
    const struct arg *args; /* "warmup_epochs" is the first of every schedule */
    double (*rate)(const double *args, double base_lr, const struct schedule_point *at);
};

/* The rate of a step, linear warm-up included. */
double schedule_rate(const struct schedule_ops *ops, const double *args, double base_lr,
                     const struct schedule_point *at);

const struct schedule_ops *const *schedule_registry(void);
const struct schedule_ops *schedule_find(const char *name);

#endif
