/* parts.h - what several losses share: predictions, sums over samples, and the call of the kernel of
 * loss_terms. */
#ifndef NN_LOSSES_PARTS_H
#define NN_LOSSES_PARTS_H

#include "math/loop.h"
#include "nn/losses/loss.h"

/* Returns the weight of a sample. */
static inline double loss_factor(const struct loss_batch *b, int64_t sample)
{
    return b->weights ? (double)b->weights[sample] : 1;
}

/* Writes b->predicted: of every sample the first maximum, where NaN is greater than any number, as
 * torch.argmax. */
void loss_predict(const struct loss_batch *b);

/* Returns whether an output of the sample is NaN; after loss_predict, which prefers NaN. */
static inline bool loss_saw_nan(const struct loss_batch *b, int64_t sample)
{
    float max = b->logits[b->predicted[sample] * b->stride + sample];
    return max != max;
}

/* Returns the number of positions with a label that is not ignored; all where labels are no class indices. */
int64_t loss_count_valid(const struct loss *l, const struct loss_batch *b);

/* Returns the sums over b->losses in lane order and the number of correct samples; each sample has weight
 * `share` in a mean. */
struct loss_sums loss_total(const struct loss *l, const struct loss_batch *b, double share);

/* The same for classes: a sample's weight is that of its label in `weights` [K] (NULL = 1), and ignored
 * samples have none. */
struct loss_sums loss_total_classes(const struct loss *l, const struct loss_batch *b, const float *weights);

/* Writes losses and gradient of a batch with the kernel of loss_terms; the caller has set form, weights
 * and options of `t`. */
void loss_run_terms(const struct loss_batch *b, struct loss_terms t);

#endif
