#include "nn/losses/parts.h"

/* clang-format off */
static const struct arg args[] = {
    LOSS_REDUCTION_ARG,
    {.name = "weight", .kind = ARG_LIST, .min = 0, .max = 1e30, .help = "of each class; none = all 1"},
    {.name = "ignore_index", .kind = ARG_INT, .standard = -100, .min = INT32_MIN, .max = INT32_MAX,
     .help = "samples with this class index count nothing"},
    {.name = "label_smoothing", .kind = ARG_REAL, .standard = 0, .min = 0, .max = 1,
     .help = "share of the target that is spread evenly over all classes"},
    ARG_END};
/* clang-format on */
enum { WEIGHT = LOSS_REDUCTION + 1, IGNORE_INDEX, LABEL_SMOOTHING };

static bool ignores_any(const struct loss *l, const struct loss_batch *b)
{
    bool any = false;
    for (int64_t n = 0; n < b->live; n++) any |= b->labels[n] == l->ignored;
    return any;
}

/* Nothing but labels, each counting 1. */
static bool is_plain(const struct loss *l, const struct loss_batch *b)
{
    return l->kind != TARGET_PROBS && !l->lists[WEIGHT] && l->args.of[LABEL_SMOOTHING] == 0 && !b->weights &&
           !ignores_any(l, b);
}

/* torch.nn.CrossEntropyLoss divides by the weights of the labels for class indices, and by the number of samples for
 * probabilities, which a one-hot target is to it, although for the rest it is the same as its label. */
static struct loss_sums compute(const struct loss *l, const struct loss_batch *b)
{
    double smoothing = l->args.of[LABEL_SMOOTHING];
    struct softmax_target s = {.logits = b->logits,
                               .classes = b->classes,
                               .stride = b->stride,
                               .lanes = b->lanes,
                               .live = b->live,
                               .labels = b->labels,
                               .ignored = l->ignored,
                               .targets = l->kind == TARGET_PROBS ? b->targets : NULL,
                               .weights = l->lists[WEIGHT],
                               .factors = b->weights,
                               .keep = (float)(1 - smoothing),
                               .even = (float)(smoothing / (double)b->classes)};
    if (is_plain(l, b))
        kernels->softmax(b->logits, b->classes, b->stride, b->lanes, b->live, b->labels, b->dlogits,
                         b->losses, b->predicted);
    else
        kernels->softmax_target(&s, b->dlogits, b->losses, b->predicted);
    return loss_total_classes(l, b, l->kind == TARGET_INDEX ? l->lists[WEIGHT] : NULL);
}

extern const struct loss_ops loss_cross_entropy;
const struct loss_ops loss_cross_entropy = {
    .name = "cross_entropy",
    .help = "-log softmax(outputs)[class], as torch.nn.CrossEntropyLoss",
    .args = args,
    .ignored_arg = IGNORE_INDEX,
    .targets = TARGET_BIT(TARGET_INDEX) | TARGET_BIT(TARGET_ONEHOT) | TARGET_BIT(TARGET_PROBS),
    .output = OUTPUT_LOGITS,
    .compute = compute,
};
