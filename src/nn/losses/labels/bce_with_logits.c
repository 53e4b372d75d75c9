/* bce_with_logits.c - binary cross entropy of logits, as torch.nn.BCEWithLogitsLoss. */
#include "nn/losses/parts.h"

static const struct arg args[] = {
    LOSS_REDUCTION_ARG,
    {.name = "weight", .kind = ARG_LIST, .min = 0, .max = 1e30, .help = "weight of each label; none = all 1"},
    {.name = "pos_weight",
     .kind = ARG_LIST,
     .min = 0,
     .max = 1e30,
     .help = "weight of each label where it is on, such as (samples with it off) / "
             "(samples with it on); none = all 1"},
    ARG_END,
};
enum { WEIGHT = LOSS_REDUCTION + 1, POS_WEIGHT };

static struct loss_sums bce_with_logits_compute(const struct loss *l, const struct loss_batch *b)
{
    loss_run_terms(b, (struct loss_terms){.form = TERMS_BCE_LOGITS,
                                          .weights = l->lists[WEIGHT],
                                          .pos_weights = l->lists[POS_WEIGHT]});
    return loss_total(l, b, (double)b->classes);
}

extern const struct loss_ops loss_bce_with_logits;
const struct loss_ops loss_bce_with_logits = {
    .name = "bce_with_logits",
    .help = "-(target * log(sigmoid(x)) + (1 - target) * log(1 - sigmoid(x))), as "
            "torch.nn.BCEWithLogitsLoss",
    .args = args,
    .targets = TARGET_BIT(TARGET_MULTILABEL) | TARGET_BIT(TARGET_VALUES),
    .target_max = 1,
    .output = OUTPUT_LABEL_LOGITS,
    .positional = true,
    .compute = bce_with_logits_compute,
};
