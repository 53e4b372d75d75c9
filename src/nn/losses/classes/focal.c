/* focal.c - focal loss, as torchvision.ops.sigmoid_focal_loss, and with softmax for classes. */
#include "nn/losses/parts.h"

static const struct arg args[] = {
    LOSS_REDUCTION_ARG,
    {.name = "gamma",
     .kind = ARG_REAL,
     .default_value = 2,
     .min = 0,
     .max = 1e3,
     .help = "exponent of the factor (1 - p)^gamma, p the probability of the true class or state"},
    {.name = "alpha",
     .kind = ARG_REAL,
     .default_value = 0.25,
     .min = -1,
     .max = 1,
     .help = "for labels that are on or off: weight of those that are on, 1 - alpha of those that are off; "
             "-1 = all 1; classes have `weight`"},
    {.name = "weight",
     .kind = ARG_LIST,
     .min = 0,
     .max = 1e30,
     .help = "weight of each class or label, not part of the mean's divisor; none = all 1"},
    {.name = "ignore_index",
     .kind = ARG_INT,
     .default_value = -100,
     .min = INT32_MIN,
     .max = INT32_MAX,
     .help = "samples with this class index are ignored: they count neither in the "
             "loss nor in metrics"},
    ARG_END,
};
enum { GAMMA = LOSS_REDUCTION + 1, ALPHA, WEIGHT, IGNORE_INDEX };

static enum status focal_prepare(struct loss *l)
{
    l->output = l->kind == TARGET_MULTILABEL ? OUTPUT_LABEL_LOGITS : OUTPUT_LOGITS;
    return STATUS_OK;
}

static struct loss_sums focal_compute(const struct loss *l, const struct loss_batch *b)
{
    float gamma = (float)l->args.of[GAMMA];
    if (l->kind == TARGET_MULTILABEL) {
        loss_run_terms(b, (struct loss_terms){.form = TERMS_FOCAL,
                                              .weights = l->lists[WEIGHT],
                                              .gamma = gamma,
                                              .alpha = (float)l->args.of[ALPHA]});
        return loss_total(l, b, (double)b->classes);
    }
    struct softmax_target s = {.logits = b->logits,
                               .classes = b->classes,
                               .stride = b->stride,
                               .lanes = b->lanes,
                               .live = b->live,
                               .labels = b->labels,
                               .ignored = l->ignored,
                               .weights = l->lists[WEIGHT],
                               .factors = b->weights};
    b->kernels->softmax_focal(&s, gamma, b->dlogits, b->losses, b->predicted);
    return loss_total_classes(l, b, NULL);
}

extern const struct loss_ops loss_focal;
const struct loss_ops loss_focal = {
    .name = "focal",
    .help = "-(1 - p)^gamma log(p), p the probability of the true class (softmax) or state (sigmoid, as "
            "torchvision.ops.sigmoid_focal_loss)",
    .args = args,
    .ignored_arg = IGNORE_INDEX,
    .targets = TARGET_BIT(TARGET_INDEX) | TARGET_BIT(TARGET_ONEHOT) | TARGET_BIT(TARGET_MULTILABEL),
    .output = OUTPUT_LOGITS,
    .prepare = focal_prepare,
    .compute = focal_compute,
};
