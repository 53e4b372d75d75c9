/* bce.c - binary cross entropy of probabilities, as torch.nn.BCELoss. */
#include "nn/losses/parts.h"

static const struct arg args[] = {
    LOSS_REDUCTION_ARG,
    {.name = "weight", .kind = ARG_LIST, .min = 0, .max = 1e30, .help = "weight of each label; none = all 1"},
    ARG_END,
};
enum { WEIGHT = LOSS_REDUCTION + 1 };

static struct loss_sums bce_compute(const struct loss *l, const struct loss_batch *b)
{
    loss_run_terms(b, (struct loss_terms){.form = TERMS_BCE, .weights = l->lists[WEIGHT]});
    return loss_total(l, b, (double)b->classes);
}

extern const struct loss_ops loss_bce;
const struct loss_ops loss_bce = {
    .name = "bce",
    .help = "-(target * log(x) + (1 - target) * log(1 - x)), for outputs that are probabilities "
            "(sigmoid), as torch.nn.BCELoss",
    .args = args,
    .targets = TARGET_BIT(TARGET_MULTILABEL) | TARGET_BIT(TARGET_VALUES),
    .target_max = 1,
    .output = OUTPUT_LABEL_PROBS,
    .needs = RANGE_PROBABILITIES,
    .positional = true,
    .compute = bce_compute,
};
