#include "optim/schedule.h"

enum { WARMUP, START_FACTOR, END_FACTOR };
static const struct arg args[] = {
    SCHEDULE_WARMUP_ARG,
    {"start_factor", ARG_REAL, 1, 0, 1, "share of lr after the warm-up"},
    {"end_factor", ARG_REAL, 0, 0, 1, "share of lr at the end"},
    ARG_END,
};

/* torch.optim.lr_scheduler.LinearLR with total_iters = steps; its defaults are those of a warm-up. */
static double rate(const struct arg_values *values, const struct schedule_state *state, double base_lr,
                   const struct schedule_time *at)
{
    (void)state;
    double start = values->of[START_FACTOR], end = values->of[END_FACTOR];
    return base_lr * (start + (end - start) * at->step / at->steps);
}

extern const struct schedule_ops schedule_linear;
const struct schedule_ops schedule_linear = {
    .name = "linear",
    .help = "a straight line between two shares of lr, as torch.optim.lr_scheduler.LinearLR",
    .args = args,
    .rate = rate,
};
