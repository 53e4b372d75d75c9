/* moments.h - mean and standard deviation of every channel, exact and independent of who adds what.
 *
 * The set is cut into fixed blocks of MOMENTS_BLOCK samples. A block has, per channel, a sum and a sum of
 * squares: integers for uint8, doubles for float (of x minus the shift of sample 0, against cancellation).
 * Ranks fill disjoint blocks; blocks are added in order. Local functions. */
#ifndef DATA_MEASURE_MOMENTS_H
#define DATA_MEASURE_MOMENTS_H

#include "data/source/source.h"

#define MOMENTS_BLOCK 512

/* Number of blocks of `samples`, and doubles per block for `channels`. */
int64_t moments_blocks(int64_t samples);
static inline int64_t moments_block_doubles(int64_t channels)
{
    return 2 * channels;
}

/* The first sample of part `index` of `parts`, in whole blocks; index == parts: the number of samples. */
int64_t moments_part_begin(int64_t samples, int parts, int index);

/* Fills one block's doubles from features [count][C][H][W]; `shift` [C] is subtracted from float features and
 * is ignored for uint8. uint8 sums stay below 2^53 for H*W up to 2^27, hence are exact. */
void moments_block(enum feature_type type, struct shape shape, const void *features, int64_t count,
                   const float *shift, double *block);

/* The same for one sample more, added to a block that starts as zeros. */
void moments_add(enum feature_type type, struct shape shape, const void *features, const float *shift,
                 double *block);

/* Adds `blocks` blocks in order; writes mean[C] and std[C] (population, as torchvision's usual constants;
 * 1 for a channel that is constant, or as good as) in the units of the features (uint8: 0..255). */
void moments_finish(enum feature_type type, struct shape shape, int64_t samples, const float *shift,
                    const double *table, int64_t blocks, float *mean, float *std);

#endif
