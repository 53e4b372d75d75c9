/* norm.h - squares of norms, for optimizers that need norms of whole tensors before the update (LARS,
 * LAMB). */
#ifndef OPTIM_OPTIMIZERS_NORM_H
#define OPTIM_OPTIMIZERS_NORM_H

#include <stdint.h>

#define NORM_LANES 16
#define NORM_CHUNK                                                                                           \
    256 /* floats per pass of a measuring loop: a multiple of NORM_LANES that stays in the L1 cache */

/* A sum of squares. Element i of a block is added to lane i % 16, and the lanes to each other at the end: the
 * order does not depend on the width of the machine's vectors. Starts at zero. */
struct norm {
    double lanes[NORM_LANES];
};

/* Adds x [count]; before the last call of a block, count is a multiple of 16. */
static inline __attribute__((always_inline)) void norm_add(struct norm *n, int64_t count, const float *x)
{
    int64_t whole = count / NORM_LANES * NORM_LANES;
    for (int64_t i = 0; i < whole; i += NORM_LANES)
        for (int lane = 0; lane < NORM_LANES; lane++)
            n->lanes[lane] += (double)x[i + lane] * (double)x[i + lane];
    for (int64_t i = whole; i < count; i++) n->lanes[i - whole] += (double)x[i] * (double)x[i];
}

static inline double norm_sum(const struct norm *n)
{
    double lanes[NORM_LANES];
    for (int lane = 0; lane < NORM_LANES; lane++) lanes[lane] = n->lanes[lane];
    for (int half = NORM_LANES / 2; half > 0; half /= 2)
        for (int lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
    return lanes[0];
}

#endif
