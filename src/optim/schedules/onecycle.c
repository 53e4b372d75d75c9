/* onecycle.c - the one-cycle policy. */
#include <math.h>

#include "optim/schedule.h"

/* torch.optim.lr_scheduler.OneCycleLR with anneal_strategy='cos', two phases, and its default factors: from
 * lr / 25 up to lr, then down to lr / 25 / 10^4. PyTorch's phases end at fractional steps: with s steps, p of
 * them rising, the peak is at p - 1 and the end at s - 1. */
#define DIV_FACTOR       25.0
#define FINAL_DIV_FACTOR 1e4

static const struct arg args[] = {
    {.name = "warmup_epochs",
     .kind = ARG_REAL,
     .max = 1e6,
     .help = "epochs of rising rate; 0 = 30 % of all steps (pct_start)"},
    ARG_END,
};

static double onecycle_anneal(double from, double to, double share)
{
    const double pi = 3.14159265358979323846;
    return to + (from - to) / 2 * (1 + cos(pi * share));
}

static double onecycle_compute_warmup(double base_lr, double step, double steps)
{
    return steps <= 1 ? base_lr : onecycle_anneal(base_lr / DIV_FACTOR, base_lr, step / (steps - 1));
}

/* Step 0 is the first after the peak. */
static double onecycle_compute_rate(const struct arg_values *values, const struct schedule_state *state,
                                    double base_lr, const struct schedule_time *at)
{
    (void)values, (void)state;
    return onecycle_anneal(base_lr, base_lr / DIV_FACTOR / FINAL_DIV_FACTOR, (at->step + 1) / at->steps);
}

extern const struct schedule_ops schedule_onecycle;
const struct schedule_ops schedule_onecycle = {
    .name = "onecycle",
    .help = "one cycle: cosine from lr/25 to lr, then to lr/250000, as torch.optim.lr_scheduler.OneCycleLR",
    .args = args,
    .rate = onecycle_compute_rate,
    .warmup = onecycle_compute_warmup,
    .warmup_share = 0.3, /* PyTorch's pct_start */
};
