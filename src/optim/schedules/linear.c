/* linear.c - linear interpolation between two factors. */
#include "optim/schedule.h"

enum { WARMUP, START_FACTOR, END_FACTOR };
static const struct arg args[] = {
    SCHEDULE_WARMUP_ARG,
    {.name = "start_factor",
     .kind = ARG_REAL,
     .default_value = 1,
     .max = 1,
     .help = "factor of lr after the warm-up"},
    {.name = "end_factor", .kind = ARG_REAL, .max = 1, .help = "factor of lr at the end"},
    ARG_END,
};

/* torch.optim.lr_scheduler.LinearLR with total_iters = steps; its defaults are those of a warm-up, ours are
 * not. */
static double linear_compute_rate(const struct arg_values *values, const struct schedule_state *state,
                                  double base_lr, const struct schedule_time *at)
{
    (void)state;
    double start = values->of[START_FACTOR], end = values->of[END_FACTOR];
    return base_lr * (start + (end - start) * at->step / at->steps);
}

extern const struct schedule_ops schedule_linear;
const struct schedule_ops schedule_linear = {
    .name = "linear",
    .help = "linear from start_factor * lr to end_factor * lr, as torch.optim.lr_scheduler.LinearLR",
    .args = args,
    .rate = linear_compute_rate,
};
