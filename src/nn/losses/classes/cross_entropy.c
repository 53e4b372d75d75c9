/* cross_entropy.c - softmax cross entropy of logits, as torch.nn.CrossEntropyLoss. */
#include "nn/losses/parts.h"

static const struct arg args[] = {
    LOSS_REDUCTION_ARG,
    {.name = "weight", .kind = ARG_LIST, .min = 0, .max = 1e30, .help = "weight of each class; none = all 1"},
    {.name = "ignore_index",
     .kind = ARG_INT,
     .default_value = -100,
     .min = INT32_MIN,
     .max = INT32_MAX,
     .help = "samples with this class index are ignored: they count neither in the "
             "loss nor in metrics"},
    {.name = "label_smoothing",
     .kind = ARG_REAL,
     .default_value = 0,
     .min = 0,
     .max = 1,
     .help = "share of the target that is distributed evenly over all classes"},
    LOSS_MEAN_OVER_ARG,
    ARG_END,
};
enum { WEIGHT = LOSS_REDUCTION + 1, IGNORE_INDEX, LABEL_SMOOTHING, MEAN_OVER };

static bool cross_entropy_ignores_any(const struct loss *l, const struct loss_batch *b)
{
    bool any = false;
    for (int64_t n = 0; n < b->live; n++) any |= b->labels[n] == l->ignored;
    return any;
}

/* Class indices only, every sample of weight 1: the common case, which has a faster kernel. */
static bool cross_entropy_is_plain(const struct loss *l, const struct loss_batch *b)
{
    return l->kind != TARGET_PROBS && !l->lists[WEIGHT] && l->args.of[LABEL_SMOOTHING] == 0 && !b->weights &&
           !cross_entropy_ignores_any(l, b);
}

/* All positions at once. Where the divisor has no class weights, it is counted apart. */
static struct loss_sums cross_entropy_of_positions(const struct loss *l, const struct loss_batch *b,
                                                   const struct softmax_target *s, bool by_weight)
{
    struct softmax_counts counts;
    b->kernels->softmax_positions(s, b->dlogits, b->losses, b->predicted, &counts);
    if (s->weights && !by_weight) return loss_total_classes(l, b, NULL);
    struct loss_sums sums = {
        .weight = counts.factors, .correct = counts.correct, .valid = counts.valid, .count = b->live};
    for (int64_t n = 0; n < b->live; n++) sums.loss += b->losses[n];
    return sums;
}

/* A mean divides by the sum of the labels' class weights if targets are class indices, and by the number
 * of samples if they are probabilities; one-hot targets are probabilities in this respect. */
static struct loss_sums cross_entropy_compute(const struct loss *l, const struct loss_batch *b)
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
                               .positions = b->positions,
                               .row = b->row,
                               .factor_row = b->weight_row,
                               .keep = (float)(1 - smoothing),
                               .even = (float)(smoothing / (double)b->classes)};
    bool by_weight = l->kind == TARGET_INDEX && l->args.of[MEAN_OVER] == LOSS_MEAN_OVER_WEIGHTS;
    if (b->positions > 1) return cross_entropy_of_positions(l, b, &s, by_weight);
    if (cross_entropy_is_plain(l, b))
        b->kernels->softmax(b->logits, b->classes, b->stride, b->lanes, b->live, b->labels, b->dlogits,
                            b->losses, b->predicted);
    else
        b->kernels->softmax_target(&s, b->dlogits, b->losses, b->predicted);
    return loss_total_classes(l, b, by_weight ? l->lists[WEIGHT] : NULL);
}

extern const struct loss_ops loss_cross_entropy;
const struct loss_ops loss_cross_entropy = {
    .name = "cross_entropy",
    .help = "-log(softmax(x)[class]), as torch.nn.CrossEntropyLoss",
    .args = args,
    .ignored_arg = IGNORE_INDEX,
    .targets = TARGET_BIT(TARGET_INDEX) | TARGET_BIT(TARGET_ONEHOT) | TARGET_BIT(TARGET_PROBS),
    .output = OUTPUT_LOGITS,
    .positional = true,
    .compute = cross_entropy_compute,
};
