#include "nn/losses/elements.h"

/* clang-format off */
static const struct arg args[] = {
    LOSS_REDUCTION_ARG,
    {.name = "margin", .kind = ARG_REAL, .standard = 1, .min = 0, .max = 1e30, .help = "from here on an output is right enough"},
    ARG_END};
/* clang-format on */
enum { MARGIN = LOSS_REDUCTION + 1 };

static inline struct loss_term term(float x, float target, float margin)
{
    float side = 2 * target - 1, gap = margin - side * x;
    bool reached = gap <= 0; /* not by NaN */
    return (struct loss_term){reached ? 0 : gap, reached ? 0 : -side};
}

KERNELS_CLONED static void elements(const struct loss_batch *b, float parameter)
{
    loss_elements(b, term, parameter);
}

static struct loss_sums compute(const struct loss *l, const struct loss_batch *b)
{
    elements(b, (float)l->args.of[MARGIN]);
    return loss_total(l, b, (double)b->classes);
}

extern const struct loss_ops loss_hinge;
const struct loss_ops loss_hinge = {
    .name = "hinge",
    .help = "max(0, margin - x) for labels that are on and max(0, margin + x) for others, as "
            "sklearn.metrics.hinge_loss",
    .args = args,
    .targets = TARGET_BIT(TARGET_MULTILABEL),
    .output = OUTPUT_LABEL_SCORES,
    .compute = compute,
};
