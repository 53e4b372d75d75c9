/* multi_step.c - drops at given times. */
#include <math.h>

#include "optim/schedule.h"

enum { WARMUP, MILESTONES, GAMMA, UNIT };
static const struct arg args[] = {
    SCHEDULE_WARMUP_ARG,
    {.name = "milestones",
     .kind = ARG_LIST,
     .default_value = ARG_REQUIRED,
     .max = 1e9,
     .help = "epochs (or steps, see unit), counted after the warm-up, at which lr is multiplied by gamma"},
    {.name = "gamma", .kind = ARG_REAL, .default_value = 0.1, .max = 1, .help = "factor of each reduction"},
    SCHEDULE_UNIT_ARG,
    ARG_END,
};

static double multi_step_compute_rate(const struct arg_values *values, const struct schedule_state *state,
                                      double base_lr, const struct schedule_time *at)
{
    (void)state;
    double drops = 0, unit = values->of[UNIT] != 0 ? 1 : (double)at->steps_per_epoch;
    for (int64_t i = 0; i < (int64_t)values->of[MILESTONES]; i++)
        drops += at->step >= values->list[MILESTONES][i] * unit;
    return base_lr * pow(values->of[GAMMA], drops);
}

extern const struct schedule_ops schedule_multi_step;
const struct schedule_ops schedule_multi_step = {
    .name = "multi_step",
    .help = "multiplies lr by gamma at each milestone, as torch.optim.lr_scheduler.MultiStepLR",
    .args = args,
    .rate = multi_step_compute_rate,
};
