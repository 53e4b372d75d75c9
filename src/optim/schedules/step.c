/* step.c - drops at regular intervals. */
#include <math.h>

#include "optim/schedule.h"

enum { WARMUP, STEP_EPOCHS, GAMMA, UNIT };
static const struct arg args[] = {
    SCHEDULE_WARMUP_ARG,
    {.name = "step_epochs",
     .kind = ARG_INT,
     .default_value = 30,
     .min = 1,
     .max = 1e9,
     .help = "epochs (or steps, see unit) between two reductions",
     .alias = "step_size"},
    {.name = "gamma", .kind = ARG_REAL, .default_value = 0.1, .max = 1, .help = "factor of each reduction"},
    SCHEDULE_UNIT_ARG,
    ARG_END,
};

static double step_compute_rate(const struct arg_values *values, const struct schedule_state *state,
                                double base_lr, const struct schedule_time *at)
{
    (void)state;
    double drops = floor(schedule_count_units(at, values->of[UNIT]) / values->of[STEP_EPOCHS]);
    return base_lr * pow(values->of[GAMMA], drops);
}

extern const struct schedule_ops schedule_step;
const struct schedule_ops schedule_step = {
    .name = "step",
    .help = "multiplies lr by gamma every step_epochs epochs, as torch.optim.lr_scheduler.StepLR",
    .args = args,
    .rate = step_compute_rate,
};
