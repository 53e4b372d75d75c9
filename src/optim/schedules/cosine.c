/* cosine.c - cosine annealing. */
#include <math.h>

#include "optim/schedule.h"

enum { WARMUP, MIN_LR };
static const struct arg args[] = {
    SCHEDULE_WARMUP_ARG,
    {.name = "min_lr", .kind = ARG_REAL, .max = 1e6, .help = "learning rate at the end"},
    ARG_END,
};

/* Loshchilov and Hutter, "SGDR", 2017, one period: torch.optim.lr_scheduler.CosineAnnealingLR with T_max =
 * steps. */
static double cosine_compute_rate(const struct arg_values *values, const struct schedule_state *state,
                                  double base_lr, const struct schedule_time *at)
{
    (void)state;
    const double pi = 3.14159265358979323846;
    double low = values->of[MIN_LR];
    return low + (base_lr - low) * (1 + cos(pi * at->step / at->steps)) / 2;
}

extern const struct schedule_ops schedule_cosine;
const struct schedule_ops schedule_cosine = {
    .name = "cosine",
    .help = "cosine annealing from lr to min_lr, as torch.optim.lr_scheduler.CosineAnnealingLR",
    .args = args,
    .rate = cosine_compute_rate,
};
