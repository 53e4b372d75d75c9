/* schedule.h - learning rate over steps.
 *
 * A pure function of the step and the arguments and, for a schedule that observes a metric, of a small state
 * of plain values that a checkpoint holds. Local functions; ranks agree because their inputs are the same. */
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

/* State of a schedule that observes a metric, updated after each epoch. Starts as zeros. */
struct schedule_state {
    int64_t epochs;     /* observed, including those of the warm-up */
    int64_t drops;      /* reductions of the rate */
    int64_t bad_epochs; /* in a row without improvement */
    int64_t cooldown;   /* epochs still to ignore after a reduction */
    double best;        /* value of the metric since the warm-up */
};

/* Time since the end of the warm-up, or in it. */
struct schedule_time {
    double step, steps; /* `step` of `steps` */
    int64_t steps_per_epoch;
    bool warming; /* it is the warm-up's */
};

/* Every schedule has a linear warm-up over its first argument, "warmup_epochs" (may be a fraction): step s of
 * w warm-up steps has (s + 1) / w of the base rate. `rate` gives the rate after that. */
struct schedule_ops {
    const char *name;
    const char *help;
    const struct arg *args;

    double (*rate)(const struct arg_values *args, const struct schedule_state *state, double base_lr,
                   const struct schedule_time *at);

    /* Optional: replaces the linear warm-up to the base rate by the rate at `at`, a time of the warm-up. */
    double (*warmup)(const struct arg_values *args, double base_lr, const struct schedule_time *at);
    double warmup_share; /* of all steps, used when warmup_epochs is 0; then `steps` may be a fraction */

    /* Optional: the optimizer's momentum, if the argument `cycle_arg` is set; NULL and 0 otherwise. */
    double (*momentum)(const struct arg_values *args, const struct schedule_time *at);
    int cycle_arg;

    /* Optional: observes the metric of an epoch after the warm-up; `first`: it is the first one. */
    void (*observe)(const struct arg_values *args, struct schedule_state *state, bool first, double metric,
                    bool higher_is_better);
};

#define SCHEDULE_WARMUP_ARG                                                                                  \
    {                                                                                                        \
        "warmup_epochs", ARG_REAL, 0, 0, 1e6, "epochs of linear warm-up"                                     \
    }

/* The last arguments of schedules that cycle the momentum; its bounds keep Adam's bias correction finite. */
#define SCHEDULE_MOMENTUM_ARGS(low, high)                                                                    \
    {.name = "base_momentum",                                                                                \
     .kind = ARG_REAL,                                                                                       \
     .default_value = low,                                                                                   \
     .max = 0.9999999,                                                                                       \
     .help = "momentum where the rate is highest, if cycle_momentum"},                                       \
    {                                                                                                        \
        .name = "max_momentum", .kind = ARG_REAL, .default_value = high, .max = 0.9999999,                   \
        .help = "momentum where the rate is lowest, if cycle_momentum"                                       \
    }

/* An argument "unit" for schedules that change at intervals, and the time in whole ones of its units: epochs or
 * steps. */
#define SCHEDULE_UNIT_ARG                                                                                    \
    {                                                                                                        \
        .name = "unit", .kind = ARG_CHOICE, .choices = schedule_units,                                       \
        .help = "what intervals are counted in: epochs, or steps"                                            \
    }
extern const char *const schedule_units[];
double schedule_count_units(const struct schedule_time *at, double unit);

/* Returns the rate of a step. `state` may be NULL for a schedule that does not observe. */
double schedule_rate(const struct schedule_ops *ops, const struct arg_values *args,
                     const struct schedule_state *state, double base_lr, const struct schedule_point *at);

/* Returns whether the schedule sets the optimizer's momentum, and the momentum of a step if it does. */
bool schedule_cycles_momentum(const struct schedule_ops *ops, const struct arg_values *args);
double schedule_momentum(const struct schedule_ops *ops, const struct arg_values *args,
                         const struct schedule_point *at);

/* Call after each epoch's evaluation, on all ranks with the same metric. */
void schedule_observe(const struct schedule_ops *ops, const struct arg_values *args,
                      struct schedule_state *state, double metric, bool higher_is_better);

/* The table of all schedules, ended by NULL, and a schedule by name (NULL if there is none). */
const struct schedule_ops *const *schedule_registry(void);
const struct schedule_ops *schedule_find(const char *name);

#endif
