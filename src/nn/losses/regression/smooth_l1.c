/* smooth_l1.c - absolute error, quadratic near 0, as torch.nn.SmoothL1Loss. */
#include <math.h>

#include "nn/losses/elements.h"

static const struct arg args[] = {
    LOSS_REDUCTION_ARG,
    {.name = "beta",
     .kind = ARG_REAL,
     .default_value = 1,
     .min = 0,
     .max = 1e30,
     .help = "threshold between the quadratic and the linear part; 0 = l1"},
    ARG_END,
};
enum { BETA = LOSS_REDUCTION + 1 };

static inline struct loss_term smooth_l1_term(float x, float target, float beta)
{
    float d = x - target, size = fabsf(d);
    float inner = 0.5f * d * d / beta, outer = size - 0.5f * beta;
    float slope = size < beta ? d / beta : copysignf(1, d);
    return (struct loss_term){size < beta ? inner : outer, d == 0 ? 0 : slope};
}

LOSS_ELEMENTS(smooth_l1_elements, smooth_l1_term)

static struct loss_sums smooth_l1_compute(const struct loss *l, const struct loss_batch *b)
{
    smooth_l1_elements[b->kernels->number](b, (float)l->args.of[BETA]);
    return loss_total(l, b, (double)b->classes);
}

extern const struct loss_ops loss_smooth_l1;
const struct loss_ops loss_smooth_l1 = {
    .name = "smooth_l1",
    .help = "(x - target)^2 / (2 * beta) where |x - target| < beta, |x - target| - beta / 2 "
            "elsewhere, as torch.nn.SmoothL1Loss",
    .args = args,
    .targets = TARGET_BIT(TARGET_VALUES),
    .output = OUTPUT_VALUES,
    .positional = true,
    .compute = smooth_l1_compute,
};
