/* parts.h - what several losses share: predictions, sums over samples, and the call of the kernel of loss_terms. */
#ifndef NN_LOSSES_PARTS_H
#define NN_LOSSES_PARTS_H

#include "math/kernels.h"
#include "nn/losses/loss.h"

/* A sample's weight. */
static inline double loss_factor(const struct loss_batch *b, int64_t sample)
{
    return b->weights ? (double)b->weights[sample] : 1;
}

/* Predicts the class of every sample: the first maximum, where NaN is greater than any number, as torch.argmax. */
void loss_predict(const struct loss_batch *b);

/* A prediction that is NaN stands for NaN somewhere in the sample's outputs. */
static inline bool loss_saw_nan(const struct loss_batch *b, int64_t sample)
{
    float most = b->logits[b->predicted[sample] * b->stride + sample];
    return most != most;
}

/* Adds up the samples of b->losses in lane order, counts the right ones, and gives each the weight `share` in a mean. */
struct loss_sums loss_total(const struct loss *l, const struct loss_batch *b, double share);

/* The same for classes, where the weight is that of the label in `weights` [K] (NULL: 1), and ignored samples have none. */
struct loss_sums loss_total_classes(const struct loss *l, const struct loss_batch *b, const float *weights);

/* Writes losses and gradient of a batch with the kernel; the caller has set what is special in `t`. */
void loss_run_terms(const struct loss_batch *b, struct loss_terms t);

#endif
