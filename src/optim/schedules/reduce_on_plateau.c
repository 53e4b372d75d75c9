#include <math.h>

#include "optim/schedule.h"

enum { WARMUP, FACTOR, PATIENCE, THRESHOLD, THRESHOLD_MODE, COOLDOWN, MIN_LR, EPS };
enum { RELATIVE, ABSOLUTE };
static const char *const threshold_modes[] = {"rel", "abs", NULL};

static const struct arg args[] = {
    SCHEDULE_WARMUP_ARG,
    {"factor", ARG_REAL, 0.1, 0, 1, "factor of a drop"},
    {"patience", ARG_INT, 10, 0, 1e9, "epochs without a better metric that are put up with"},
    {"threshold", ARG_REAL, 1e-4, 0, 1e6, "by how much a metric must be better to count as better"},
    {"threshold_mode", ARG_CHOICE, RELATIVE, 0, 0,
     "whether that is a share of the best metric or a difference", threshold_modes},
    {"cooldown", ARG_INT, 0, 0, 1e9, "epochs after a drop that do not count as bad"},
    {"min_lr", ARG_REAL, 0, 0, 1e6, "the rate does not drop below this"},
    {"eps", ARG_REAL, 1e-8, 0, 1e6, "a drop that is no larger than this is left out"},
    ARG_END,
};

/* A drop that is left out once is left out forever, because nothing that decides about it changes. */
static double rate(const struct arg_values *values, const struct schedule_state *state, double base_lr,
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

static bool is_better(const struct arg_values *values, double metric, double best, bool higher_is_better)
{
    double threshold = values->of[THRESHOLD];
    bool relative = values->of[THRESHOLD_MODE] == RELATIVE;
    if (higher_is_better) return metric > (relative ? best * (1 + threshold) : best + threshold);
    return metric < (relative ? best * (1 - threshold) : best - threshold);
}

/* One ReduceLROnPlateau.step: also an epoch in the cooldown may set the best metric. */
static void observe(const struct arg_values *values, struct schedule_state *state, bool first, double metric,
                    bool higher_is_better)
{
    if (first) state->best = higher_is_better ? -INFINITY : INFINITY;
    state->bad_epochs++;
    if (is_better(values, metric, state->best, higher_is_better)) {
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
    .help = "drops when a metric stops to improve, as torch.optim.lr_scheduler.ReduceLROnPlateau",
    .args = args,
    .rate = rate,
    .observe = observe,
};
