/* hinge.c - hinge loss of each label, as sklearn.metrics.hinge_loss. */
#include "nn/losses/elements.h"

static const struct arg args[] = {
    LOSS_REDUCTION_ARG,
    {.name = "margin",
     .kind = ARG_REAL,
     .default_value = 1,
     .min = 0,
     .max = 1e30,
     .help = "distance from 0 from which an output on the correct side has no loss"},
    ARG_END,
};
enum { MARGIN = LOSS_REDUCTION + 1 };

static inline struct loss_term hinge_term(float x, float target, float margin)
{
    float side = 2 * target - 1, gap = margin - side * x;
    bool reached = gap <= 0; /* false for NaN */
    return (struct loss_term){reached ? 0 : gap, reached ? 0 : -side};
}

LOSS_ELEMENTS(hinge_elements, hinge_term)

static struct loss_sums hinge_compute(const struct loss *l, const struct loss_batch *b)
{
    hinge_elements[b->kernels->number](b, (float)l->args.of[MARGIN]);
    return loss_total(l, b, (double)b->classes);
}

extern const struct loss_ops loss_hinge;
const struct loss_ops loss_hinge = {
    .name = "hinge",
    .help = "max(0, margin - x) for labels that are on and max(0, margin + x) for labels that are "
            "off, as sklearn.metrics.hinge_loss",
    .args = args,
    .targets = TARGET_BIT(TARGET_MULTILABEL),
    .output = OUTPUT_LABEL_SCORES,
    .positional = true,
    .compute = hinge_compute,
};
