/* exponential.c - exponential decay. */
#include <math.h>

#include "optim/schedule.h"

enum { WARMUP, GAMMA, UNIT };
static const struct arg args[] = {
    SCHEDULE_WARMUP_ARG,
    {.name = "gamma",
     .kind = ARG_REAL,
     .default_value = 0.95,
     .max = 1,
     .help = "factor applied after each epoch (or step, see unit)"},
    SCHEDULE_UNIT_ARG,
    ARG_END,
};

static double exponential_compute_rate(const struct arg_values *values, const struct schedule_state *state,
                                       double base_lr, const struct schedule_time *at)
{
    (void)state;
    return base_lr * pow(values->of[GAMMA], schedule_count_units(at, values->of[UNIT]));
}

extern const struct schedule_ops schedule_exponential;
const struct schedule_ops schedule_exponential = {
    .name = "exponential",
    .help = "multiplies lr by gamma after each epoch, as torch.optim.lr_scheduler.ExponentialLR",
    .args = args,
    .rate = exponential_compute_rate,
};
