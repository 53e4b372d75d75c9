/* mse.c - squared error, as torch.nn.MSELoss. */
#include "nn/losses/elements.h"

static const struct arg args[] = {LOSS_REDUCTION_ARG, ARG_END};

static inline struct loss_term mse_term(float x, float target, float unused)
{
    (void)unused;
    float d = x - target;
    return (struct loss_term){d * d, 2 * d};
}

LOSS_ELEMENTS(mse_elements, mse_term)

static struct loss_sums mse_compute(const struct loss *l, const struct loss_batch *b)
{
    mse_elements[b->kernels->number](b, 0);
    return loss_total(l, b, (double)b->classes);
}

extern const struct loss_ops loss_mse;
const struct loss_ops loss_mse = {
    .name = "mse",
    .help = "(x - target)^2, as torch.nn.MSELoss",
    .args = args,
    .targets = TARGET_BIT(TARGET_VALUES),
    .output = OUTPUT_VALUES,
    .positional = true,
    .compute = mse_compute,
};
