#include "ddp/kernels.h"
#include "ddp/loss.h"

static const struct arg args[] = {LOSS_REDUCTION_ARG, ARG_END};

/* Samples are added in lane order, in double. */
static struct loss_sums compute(const struct loss *l, const struct loss_batch *b)
{
    (void)l;
    struct loss_sums sums = {.weight = (double)b->live, .valid = b->live, .count = b->live};
    kernels->softmax(b->logits, b->classes, b->stride, b->lanes, b->live, b->labels, b->dlogits, b->losses,
                     b->predicted);
    for (int64_t n = 0; n < b->live; n++) {
        sums.loss += b->losses[n];
        sums.correct += b->predicted[n] == b->labels[n];
    }
    return sums;
}

extern const struct loss_ops loss_cross_entropy;
const struct loss_ops loss_cross_entropy = {
    .name = "cross_entropy",
    .help = "-log softmax(logits)[label], class indices as targets, as torch.nn.CrossEntropyLoss",
    .args = args,
    .targets = TARGET_BIT(TARGET_INDEX),
    .output = OUTPUT_LOGITS,
    .compute = compute,
};
