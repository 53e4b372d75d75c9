#include "ddp/schedule.h"

static const struct arg args[] = {SCHEDULE_WARMUP_ARG, ARG_END};

static double rate(const double *values, double base_lr, double step, double steps, int64_t steps_per_epoch)
{
    (void)values, (void)step, (void)steps, (void)steps_per_epoch;
    return base_lr;
}

extern const struct schedule_ops schedule_constant;
const struct schedule_ops schedule_constant = {
    .name = "constant", .help = "the same rate all the time", .args = args, .rate = rate};
