/* huber.c - quadratic loss of small errors, linear loss of large ones, as torch.nn.HuberLoss. */
#include <math.h>

#include "nn/losses/elements.h"

static const struct arg args[] = {
    LOSS_REDUCTION_ARG,
    {.name = "delta",
     .kind = ARG_REAL,
     .default_value = 1,
     .min = 1e-30,
     .max = 1e30,
     .help = "threshold between the quadratic and the linear part"},
    ARG_END,
};
enum { DELTA = LOSS_REDUCTION + 1 };

static inline struct loss_term huber_term(float x, float target, float delta)
{
    float d = x - target, size = fabsf(d);
    float inner = 0.5f * d * d, outer = delta * (size - 0.5f * delta);
    return (struct loss_term){size <= delta ? inner : outer, size <= delta ? d : copysignf(delta, d)};
}

LOSS_ELEMENTS(huber_elements, huber_term)

static struct loss_sums huber_compute(const struct loss *l, const struct loss_batch *b)
{
    huber_elements[b->kernels->number](b, (float)l->args.of[DELTA]);
    return loss_total(l, b, (double)b->classes);
}

extern const struct loss_ops loss_huber;
const struct loss_ops loss_huber = {
    .name = "huber",
    .help = "(x - target)^2 / 2 where |x - target| <= delta, delta * (|x - target| - delta / 2) "
            "elsewhere, as torch.nn.HuberLoss",
    .args = args,
    .targets = TARGET_BIT(TARGET_VALUES),
    .output = OUTPUT_VALUES,
    .positional = true,
    .compute = huber_compute,
};
