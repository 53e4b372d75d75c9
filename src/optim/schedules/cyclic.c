/* cyclic.c - cyclical learning rates. */
#include <math.h>

#include "optim/schedule.h"

enum {
    WARMUP,
    BASE_LR,
    MAX_LR,
    STEP_SIZE_UP,
    STEP_SIZE_DOWN,
    MODE,
    GAMMA,
    CYCLE_MOMENTUM,
    BASE_MOMENTUM,
    MAX_MOMENTUM
};
enum { TRIANGULAR, TRIANGULAR2, EXP_RANGE };
static const char *const modes[] = {"triangular", "triangular2", "exp_range", NULL};

static const struct arg args[] = {
    SCHEDULE_WARMUP_ARG,
    {.name = "base_lr",
     .kind = ARG_REAL,
     .default_value = ARG_REQUIRED,
     .max = 1e6,
     .help = "lower bound of the rate; takes the place of optim.lr"},
    {.name = "max_lr",
     .kind = ARG_REAL,
     .default_value = ARG_REQUIRED,
     .max = 1e6,
     .help = "upper bound of the rate in the first cycle"},
    {.name = "step_size_up",
     .kind = ARG_INT,
     .default_value = 2000,
     .min = 1,
     .max = 1e12,
     .help = "steps of the rising half of a cycle"},
    {.name = "step_size_down",
     .kind = ARG_INT,
     .max = 1e12,
     .help = "steps of the falling half; 0 = as many as step_size_up"},
    {.name = "mode",
     .kind = ARG_CHOICE,
     .choices = modes,
     .help = "height of the cycles: all alike, halved after each, or multiplied by gamma^steps"},
    {.name = "gamma",
     .kind = ARG_REAL,
     .default_value = 1,
     .max = 1,
     .help = "factor of each step, of mode exp_range"},
    {.name = "cycle_momentum",
     .kind = ARG_BOOL,
     .default_value = 1,
     .help = "also move the optimizer's momentum (beta1 of Adam's family), against the rate, from "
             "max_momentum down to base_momentum and up again"},
    SCHEDULE_MOMENTUM_ARGS(0.8, 0.9),
    ARG_END,
};

/* Smith, "Cyclical learning rates for training neural networks" (2017), as
 * torch.optim.lr_scheduler.CyclicLR: where between the bounds, 0 to 1, the rate is. */
static double cyclic_find_height(const struct arg_values *values, const struct schedule_time *at)
{
    double up = values->of[STEP_SIZE_UP], down = values->of[STEP_SIZE_DOWN];
    double length = up + (down > 0 ? down : up), cycle = floor(at->step / length);
    double in_cycle = at->step - cycle * length;
    double height = in_cycle <= up ? in_cycle / up : (length - in_cycle) / (length - up);
    if (values->of[MODE] == TRIANGULAR2) return height * pow(0.5, cycle);
    return values->of[MODE] == EXP_RANGE ? height * pow(values->of[GAMMA], at->step) : height;
}

static double cyclic_compute_rate(const struct arg_values *values, const struct schedule_state *state,
                                  double base_lr, const struct schedule_time *at)
{
    (void)state, (void)base_lr;
    double low = values->of[BASE_LR], high = values->of[MAX_LR];
    return low + (high - low) * cyclic_find_height(values, at);
}

/* Up to the lower bound. */
static double cyclic_compute_warmup(const struct arg_values *values, double base_lr,
                                    const struct schedule_time *at)
{
    (void)base_lr;
    return values->of[BASE_LR] * (at->step + 1) / at->steps;
}

static double cyclic_compute_momentum(const struct arg_values *values, const struct schedule_time *at)
{
    double low = values->of[BASE_MOMENTUM], high = values->of[MAX_MOMENTUM];
    return at->warming ? high : high - (high - low) * cyclic_find_height(values, at);
}

extern const struct schedule_ops schedule_cyclic;
const struct schedule_ops schedule_cyclic = {
    .name = "cyclic",
    .help = "cycles between base_lr and max_lr, as torch.optim.lr_scheduler.CyclicLR",
    .args = args,
    .rate = cyclic_compute_rate,
    .warmup = cyclic_compute_warmup,
    .momentum = cyclic_compute_momentum,
    .cycle_arg = CYCLE_MOMENTUM,
};
