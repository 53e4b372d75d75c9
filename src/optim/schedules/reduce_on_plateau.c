/* reduce_on_plateau.c - drops when a metric stops improving. */
#include <math.h>

#include "optim/schedule.h"

enum { WARMUP, FACTOR, PATIENCE, THRESHOLD, THRESHOLD_MODE, COOLDOWN, MIN_LR, EPS };
enum { RELATIVE, ABSOLUTE };
static const char *const threshold_modes[] = {"rel", "abs", NULL};

static const struct arg args[] = {
    SCHEDULE_WARMUP_ARG,
    {.name = "factor", .kind = ARG_REAL, .default_value = 0.1, .max = 1, .help = "factor of each reduction"},
    {.name = "patience",
     .kind = ARG_INT,
     .default_value = 10,
     .max = 1e9,
     .help = "epochs without improvement before the rate is reduced"},
    {.name = "threshold",
     .kind = ARG_REAL,
     .default_value = 1e-4,
     .max = 1e6,
     .help = "smallest change of the metric that counts as an improvement"},
    {.name = "threshold_mode",
     .kind = ARG_CHOICE,
     .default_value = RELATIVE,
     .help = "threshold relative to the best metric (rel) or absolute (abs)",
     .choices = threshold_modes},
    {.name = "cooldown",
     .kind = ARG_INT,
     .max = 1e9,
     .help = "epochs to wait after a reduction before counting again"},
    {.name = "min_lr", .kind = ARG_REAL, .max = 1e6, .help = "lower bound of the learning rate"},
    {.name = "eps",
     .kind = ARG_REAL,
     .default_value = 1e-8,
     .max = 1e6,
     .help = "reductions of at most this size are not applied"},
    ARG_END,
};

/* A reduction that is not applied once is never applied, because what decides about it does not change. */
static double reduce_on_plateau_compute_rate(const struct arg_values *values,
                                             const struct schedule_state *state, double base_lr,
                                             const struct schedule_time *at)
{
    (void)at;
    double lr = base_lr;
    for (int64_t i = 0; i < state->drops; i++) {
        double next = fmax(lr * values->of[FACTOR], values->of[MIN_LR]);
        if (!(lr - next > values->of[EPS])) break;
        lr = next;
    }
    return lr;
}

static bool reduce_on_plateau_is_better(const struct arg_values *values, double metric, double best,
                                        bool higher_is_better)
{
    double threshold = values->of[THRESHOLD];
    bool relative = values->of[THRESHOLD_MODE] == RELATIVE;
    if (higher_is_better) return metric > (relative ? best * (1 + threshold) : best + threshold);
    return metric < (relative ? best * (1 - threshold) : best - threshold);
}

/* One ReduceLROnPlateau.step. An epoch in the cooldown may also set the best metric. */
static void reduce_on_plateau_observe(const struct arg_values *values, struct schedule_state *state,
                                      bool first, double metric, bool higher_is_better)
{
    if (first) state->best = higher_is_better ? -INFINITY : INFINITY;
    state->bad_epochs++;
    if (reduce_on_plateau_is_better(values, metric, state->best, higher_is_better)) {
        state->best = metric;
        state->bad_epochs = 0;
    }
    if (state->cooldown > 0) {
        state->cooldown--;
        state->bad_epochs = 0;
    }
    if (state->bad_epochs > (int64_t)values->of[PATIENCE]) {
        state->drops++;
        state->cooldown = (int64_t)values->of[COOLDOWN];
        state->bad_epochs = 0;
    }
}

extern const struct schedule_ops schedule_reduce_on_plateau;
const struct schedule_ops schedule_reduce_on_plateau = {
    .name = "reduce_on_plateau",
    .help = "reduces lr when a metric stops improving, as torch.optim.lr_scheduler.ReduceLROnPlateau",
    .args = args,
    .rate = reduce_on_plateau_compute_rate,
    .observe = reduce_on_plateau_observe,
};
