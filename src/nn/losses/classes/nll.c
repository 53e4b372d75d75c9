/* nll.c - negative log-likelihood of log-probabilities, as torch.nn.NLLLoss. */
#include <math.h>
#include <string.h>

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
    LOSS_MEAN_OVER_ARG,
    ARG_END,
};
enum { WEIGHT = LOSS_REDUCTION + 1, IGNORE_INDEX, MEAN_OVER };

static struct loss_sums nll_compute(const struct loss *l, const struct loss_batch *b)
{
    const float *weights = l->lists[WEIGHT];
    loss_predict(b);
    for (int64_t k = 0; b->dlogits && k < b->classes; k++)
        memset(b->dlogits + k * b->stride, 0, (size_t)b->lanes * sizeof *b->dlogits);
    for (int64_t n = 0; n < b->live; n++) {
        b->losses[n] = loss_saw_nan(b, n) ? NAN : 0; /* a NaN of any class shows */
        if (b->labels[n] == l->ignored) continue;
        int64_t at = b->labels[n] * b->stride + n;
        double factor = loss_factor(b, n) * (weights ? (double)weights[b->labels[n]] : 1);
        b->losses[n] -= factor * (double)b->logits[at];
        if (b->dlogits) b->dlogits[at] = (float)-factor;
    }
    return loss_total_classes(l, b, l->args.of[MEAN_OVER] == LOSS_MEAN_OVER_WEIGHTS ? weights : NULL);
}

extern const struct loss_ops loss_nll;
const struct loss_ops loss_nll = {
    .name = "nll",
    .help = "-x[class], for outputs that are log-probabilities (log_softmax), as torch.nn.NLLLoss",
    .args = args,
    .ignored_arg = IGNORE_INDEX,
    .targets = TARGET_BIT(TARGET_INDEX) | TARGET_BIT(TARGET_ONEHOT),
    .output = OUTPUT_LOG_PROBS,
    .needs = RANGE_LOG_PROBABILITIES,
    .compute = nll_compute,
};
