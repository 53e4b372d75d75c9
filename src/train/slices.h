/* slices.h - how a global batch is cut: leaf i of L has positions [i * B / L, (i + 1) * B / L), so leaves
 * differ by at most one sample, and are empty where B < L. The last batch of an epoch is cut the same way and
 * ends early. */
#ifndef TRAIN_SLICES_H
#define TRAIN_SLICES_H

#include <stdint.h>

/* Position of the first sample of a leaf; of the first one behind all for leaf == leaves. */
static inline int64_t slices_begin(int64_t batch, int64_t leaves, int64_t leaf)
{
    return leaf * batch / leaves;
}

/* Samples of the largest leaf. */
static inline int64_t slices_max(int64_t batch, int64_t leaves)
{
    return (batch + leaves - 1) / leaves;
}

#endif
