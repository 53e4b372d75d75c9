/* constant.c - a constant learning rate. */
#include "optim/schedule.h"

static const struct arg args[] = {SCHEDULE_WARMUP_ARG, ARG_END};

static double constant_compute_rate(const struct arg_values *values, const struct schedule_state *state,
                                    double base_lr, const struct schedule_time *at)
{
    (void)values, (void)state, (void)at;
    return base_lr;
}

extern const struct schedule_ops schedule_constant;
const struct schedule_ops schedule_constant = {
    .name = "constant", .help = "constant learning rate", .args = args, .rate = constant_compute_rate};
