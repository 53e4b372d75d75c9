/* onecycle.c - the one-cycle policy. */
#include <math.h>

#include "optim/schedule.h"

enum { WARMUP, DIV, FINAL_DIV, STRATEGY, CYCLE_MOMENTUM, BASE_MOMENTUM, MAX_MOMENTUM };
enum { COSINE, LINEAR };
static const char *const strategies[] = {"cos", "linear", NULL};

static const struct arg args[] = {
    {.name = "warmup_epochs",
     .kind = ARG_REAL,
     .max = 1e6,
     .help = "epochs of rising rate; 0 = 30 % of all steps (pct_start)"},
    {.name = "div_factor",
     .kind = ARG_REAL,
     .default_value = 25,
     .min = 1e-6,
     .max = 1e12,
     .help = "the first rate is lr / div_factor"},
    {.name = "final_div_factor",
     .kind = ARG_REAL,
     .default_value = 1e4,
     .min = 1e-6,
     .max = 1e30,
     .help = "the last rate is the first one / final_div_factor"},
    {.name = "anneal_strategy", .kind = ARG_CHOICE, .choices = strategies, .help = "cosine or linear"},
    {.name = "cycle_momentum",
     .kind = ARG_BOOL,
     .help = "also move the optimizer's momentum (beta1 of Adam's family) from max_momentum down to "
             "base_momentum and up again; PyTorch's default is true"},
    SCHEDULE_MOMENTUM_ARGS(0.85, 0.95),
    ARG_END,
};

static double onecycle_anneal(const struct arg_values *values, double from, double to, double share)
{
    const double pi = 3.14159265358979323846;
    if (values->of[STRATEGY] == LINEAR) return from + (to - from) * share;
    return to + (from - to) / 2 * (1 + cos(pi * share));
}

/* torch.optim.lr_scheduler.OneCycleLR with two phases, which end at fractional steps: with s steps, p of them
 * rising, the peak is at p - 1 and the end at s - 1. Step 0 of the falling phase is the first after the
 * peak. */
static double onecycle_find_share(const struct schedule_time *at)
{
    if (!at->warming) return (at->step + 1) / at->steps;
    return at->steps <= 1 ? 1 : at->step / (at->steps - 1);
}

static double onecycle_compute_warmup(const struct arg_values *values, double base_lr,
                                      const struct schedule_time *at)
{
    if (at->steps <= 1) return base_lr;
    return onecycle_anneal(values, base_lr / values->of[DIV], base_lr, onecycle_find_share(at));
}

static double onecycle_compute_rate(const struct arg_values *values, const struct schedule_state *state,
                                    double base_lr, const struct schedule_time *at)
{
    (void)state;
    return onecycle_anneal(values, base_lr, base_lr / values->of[DIV] / values->of[FINAL_DIV],
                           onecycle_find_share(at));
}

static double onecycle_compute_momentum(const struct arg_values *values, const struct schedule_time *at)
{
    double low = values->of[BASE_MOMENTUM], high = values->of[MAX_MOMENTUM];
    return onecycle_anneal(values, at->warming ? high : low, at->warming ? low : high,
                           onecycle_find_share(at));
}

extern const struct schedule_ops schedule_onecycle;
const struct schedule_ops schedule_onecycle = {
    .name = "onecycle",
    .help = "one cycle: from lr/25 to lr, then to lr/250000, as torch.optim.lr_scheduler.OneCycleLR",
    .args = args,
    .rate = onecycle_compute_rate,
    .warmup = onecycle_compute_warmup,
    .warmup_share = 0.3, /* PyTorch's pct_start */
    .momentum = onecycle_compute_momentum,
    .cycle_arg = CYCLE_MOMENTUM,
};
