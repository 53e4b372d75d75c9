#include <math.h>

#include "nn/losses/elements.h"

/* clang-format off */
static const struct arg args[] = {
    LOSS_REDUCTION_ARG,
    {.name = "delta", .kind = ARG_REAL, .standard = 1, .min = 1e-30, .max = 1e30, .help = "where the parabola ends"},
    ARG_END};
/* clang-format on */
enum { DELTA = LOSS_REDUCTION + 1 };

static inline struct loss_term term(float x, float target, float delta)
{
    float d = x - target, size = fabsf(d);
    float inner = 0.5f * d * d, outer = delta * (size - 0.5f * delta);
    return (struct loss_term){size <= delta ? inner : outer, size <= delta ? d : copysignf(delta, d)};
}

KERNELS_CLONED static void elements(const struct loss_batch *b, float parameter)
{
    loss_elements(b, term, parameter);
}

static struct loss_sums compute(const struct loss *l, const struct loss_batch *b)
{
    elements(b, (float)l->args.of[DELTA]);
    return loss_total(l, b, (double)b->classes);
}

extern const struct loss_ops loss_huber;
const struct loss_ops loss_huber = {
    .name = "huber",
    .help = "(x - target)^2 / 2 up to delta, and from there its tangent, as torch.nn.HuberLoss",
    .args = args,
    .targets = TARGET_BIT(TARGET_VALUES),
    .output = OUTPUT_VALUES,
    .compute = compute,
};
