/* schedule.h - learning rate over steps.
 *
 * A pure function of the step, its arguments, and, for a schedule that listens to a metric, a small state of
 * plain values that a checkpoint can hold. Local functions; the ranks agree because they are told the same. */
#ifndef OPTIM_SCHEDULE_H
#define OPTIM_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arg.h"
#include "core/status.h"

struct schedule_point {
    int64_t step;            /* 0 .. total_steps-1 */
    int64_t steps_per_epoch; /* > 0 */
    int64_t total_steps;
};

/* What a schedule remembers of the metric after each epoch. All zero is the start; only schedules that observe
 * change it. */
struct schedule_state {
    int64_t epochs;     /* observed, those of the warm-up included */
    int64_t drops;      /* of the rate */
    int64_t bad_epochs; /* in a row without a better metric */
    int64_t cooldown;   /* epochs that are still ignored after a drop */
    double best;        /* metric after the warm-up */
};

/* The time after the warm-up, which the other arguments of a schedule are about. */
struct schedule_time {
    double step, steps; /* `step` of `steps` */
    int64_t steps_per_epoch;
};

/* Every schedule warms up linearly over its first argument, "warmup_epochs" (which may be a fraction): step s
 * of w warm-up steps has (s + 1) / w of the rate. `rate` is asked about the time after that. */
struct schedule_ops {
    const char *name;
    const char *help;
    const struct arg *args;

    double (*rate)(const struct arg_values *args, const struct schedule_state *state, double base_lr,
                   const struct schedule_time *at);

    /* Replaces the linear warm-up if not NULL: the rate at `step` of `steps` of it. Only such a warm-up
     * may last a fraction of a step. */
    double (*warmup)(double base_lr, double step, double steps);
    double warmup_share; /* of all steps, where warmup_epochs is 0 */

    /* Takes in the metric of an epoch after the warm-up; `first` of them. NULL if the schedule does not care. */
    void (*observe)(const struct arg_values *args, struct schedule_state *state, bool first, double metric,
                    bool higher_is_better);
};

#define SCHEDULE_WARMUP_ARG                                                                                  \
    {                                                                                                        \
        "warmup_epochs", ARG_REAL, 0, 0, 1e6, "epochs over which the rate rises"                             \
    }

/* The rate of a step. `state` may be NULL for a schedule that does not observe. */
double schedule_rate(const struct schedule_ops *ops, const struct arg_values *args,
                     const struct schedule_state *state, double base_lr, const struct schedule_point *at);

/* To be called after each epoch's evaluation, on all ranks with the same metric. */
void schedule_observe(const struct schedule_ops *ops, const struct arg_values *args,
                      struct schedule_state *state, double metric, bool higher_is_better);

const struct schedule_ops *const *schedule_registry(void);
const struct schedule_ops *schedule_find(const char *name);

#endif
