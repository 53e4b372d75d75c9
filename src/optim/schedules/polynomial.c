/* polynomial.c - polynomial decay. */
#include <math.h>

#include "optim/schedule.h"

enum { WARMUP, POWER, MIN_LR };
static const struct arg args[] = {
    SCHEDULE_WARMUP_ARG,
    {.name = "power",
     .kind = ARG_REAL,
     .default_value = 1,
     .max = 1e3,
     .help = "exponent of the decay; 1 = linear"},
    {.name = "min_lr", .kind = ARG_REAL, .max = 1e6, .help = "learning rate at the end"},
    ARG_END,
};

/* torch.optim.lr_scheduler.PolynomialLR with total_iters = steps, which ends at 0; here at min_lr, as
 * get_polynomial_decay_schedule_with_warmup of Hugging Face's transformers does. */
static double polynomial_compute_rate(const struct arg_values *values, const struct schedule_state *state,
                                      double base_lr, const struct schedule_time *at)
{
    (void)state;
    double low = values->of[MIN_LR];
    return low + (base_lr - low) * pow(1 - at->step / at->steps, values->of[POWER]);
}

extern const struct schedule_ops schedule_polynomial;
const struct schedule_ops schedule_polynomial = {
    .name = "polynomial",
    .help = "polynomial decay from lr to min_lr, as torch.optim.lr_scheduler.PolynomialLR",
    .args = args,
    .rate = polynomial_compute_rate,
};
