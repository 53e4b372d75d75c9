/* step.c - drops at regular epochs. */
#include <math.h>

#include "optim/schedule.h"

enum { WARMUP, STEP_EPOCHS, GAMMA };
static const struct arg args[] = {
    SCHEDULE_WARMUP_ARG,
    {"step_epochs", ARG_INT, 30, 1, 1e9, "epochs between two reductions"},
    {"gamma", ARG_REAL, 0.1, 0, 1, "factor of each reduction"},
    ARG_END,
};

static double step_compute_rate(const struct arg_values *values, const struct schedule_state *state,
                                double base_lr, const struct schedule_time *at)
{
    (void)state;
    double drops = floor(at->step / ((double)at->steps_per_epoch * values->of[STEP_EPOCHS]));
    return base_lr * pow(values->of[GAMMA], drops);
}

extern const struct schedule_ops schedule_step;
const struct schedule_ops schedule_step = {
    .name = "step",
    .help = "multiplies lr by gamma every step_epochs epochs, as torch.optim.lr_scheduler.StepLR",
    .args = args,
    .rate = step_compute_rate,
};
