/* soft_margin.c - logistic loss of each label, as torch.nn.SoftMarginLoss. */
#include "nn/losses/parts.h"

static const struct arg args[] = {LOSS_REDUCTION_ARG, ARG_END};

static struct loss_sums soft_margin_compute(const struct loss *l, const struct loss_batch *b)
{
    loss_run_terms(b, (struct loss_terms){.form = TERMS_BCE_LOGITS});
    return loss_total(l, b, (double)b->classes);
}

extern const struct loss_ops loss_soft_margin;
const struct loss_ops loss_soft_margin = {
    .name = "soft_margin",
    .help = "log(1 + exp(-x)) for labels that are on and log(1 + exp(x)) for labels that are off, as "
            "torch.nn.SoftMarginLoss",
    .args = args,
    .targets = TARGET_BIT(TARGET_MULTILABEL),
    .output = OUTPUT_LABEL_LOGITS,
    .positional = true,
    .compute = soft_margin_compute,
};
