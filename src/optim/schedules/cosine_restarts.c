/* cosine_restarts.c - cosine annealing with warm restarts. */
#include <math.h>

#include "optim/schedule.h"

enum { WARMUP, PERIOD, FACTOR, MIN_LR, UNIT };
static const struct arg args[] = {
    SCHEDULE_WARMUP_ARG,
    {.name = "t_0",
     .kind = ARG_INT,
     .default_value = ARG_REQUIRED,
     .min = 1,
     .max = 1e12,
     .help = "epochs (or steps, see unit) until the first restart"},
    {.name = "t_mult",
     .kind = ARG_INT,
     .default_value = 1,
     .min = 1,
     .max = 1e6,
     .help = "factor by which every period is longer than the one before"},
    {.name = "min_lr",
     .kind = ARG_REAL,
     .max = 1e6,
     .help = "learning rate at the end of a period",
     .alias = "eta_min"},
    SCHEDULE_UNIT_ARG,
    ARG_END,
};

/* Loshchilov and Hutter, "SGDR", 2017: torch.optim.lr_scheduler.CosineAnnealingWarmRestarts, called after
 * every step with the time in epochs (epoch + step / steps of an epoch), or in steps. */
static double cosine_restarts_compute_rate(const struct arg_values *values,
                                           const struct schedule_state *state, double base_lr,
                                           const struct schedule_time *at)
{
    (void)state;
    const double pi = 3.14159265358979323846;
    double low = values->of[MIN_LR], period = values->of[PERIOD];
    double time = values->of[UNIT] != 0 ? at->step : at->step / (double)at->steps_per_epoch;
    if (values->of[FACTOR] == 1) time = fmod(time, period);
    for (; time >= period; period *= values->of[FACTOR]) time -= period;
    return low + (base_lr - low) * (1 + cos(pi * time / period)) / 2;
}

extern const struct schedule_ops schedule_cosine_restarts;
const struct schedule_ops schedule_cosine_restarts = {
    .name = "cosine_restarts",
    .help = "cosine annealing with warm restarts, as torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",
    .args = args,
    .rate = cosine_restarts_compute_rate,
};
