#include <math.h>

#include "nn/losses/elements.h"

/* clang-format off */
static const struct arg args[] = {
    LOSS_REDUCTION_ARG,
    {.name = "beta", .kind = ARG_REAL, .standard = 1, .min = 0, .max = 1e30, .help = "where the parabola ends; 0 is l1"},
    ARG_END};
/* clang-format on */
enum { BETA = LOSS_REDUCTION + 1 };

static inline struct loss_term term(float x, float target, float beta)
{
    float d = x - target, size = fabsf(d);
    float inner = 0.5f * d * d / beta, outer = size - 0.5f * beta;
    float slope = size < beta ? d / beta : copysignf(1, d);
    return (struct loss_term){size < beta ? inner : outer, d == 0 ? 0 : slope};
}

KERNELS_CLONED static void elements(const struct loss_batch *b, float parameter)
{
    loss_elements(b, term, parameter);
}

static struct loss_sums compute(const struct loss *l, const struct loss_batch *b)
{
    elements(b, (float)l->args.of[BETA]);
    return loss_total(l, b, (double)b->classes);
}

extern const struct loss_ops loss_smooth_l1;
const struct loss_ops loss_smooth_l1 = {
    .name = "smooth_l1",
    .help = "|x - target| from beta on, less beta / 2, and the parabola (x - target)^2 / (2 beta) before, as "
            "torch.nn.SmoothL1Loss",
    .args = args,
    .targets = TARGET_BIT(TARGET_VALUES),
    .output = OUTPUT_VALUES,
    .compute = compute,
};
