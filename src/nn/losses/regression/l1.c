/* l1.c - absolute error, as torch.nn.L1Loss. */
#include <math.h>

#include "nn/losses/elements.h"

static const struct arg args[] = {LOSS_REDUCTION_ARG, ARG_END};

static inline struct loss_term l1_term(float x, float target, float unused)
{
    (void)unused;
    float d = x - target;
    return (struct loss_term){fabsf(d), d == 0 ? 0 : copysignf(1, d)};
}

LOSS_ELEMENTS(l1_elements, l1_term)

static struct loss_sums l1_compute(const struct loss *l, const struct loss_batch *b)
{
    l1_elements[b->kernels->number](b, 0);
    return loss_total(l, b, (double)b->classes);
}

extern const struct loss_ops loss_l1;
const struct loss_ops loss_l1 = {
    .name = "l1",
    .help = "|x - target|, as torch.nn.L1Loss",
    .args = args,
    .targets = TARGET_BIT(TARGET_VALUES),
    .output = OUTPUT_VALUES,
    .positional = true,
    .compute = l1_compute,
};
