/* samples.h - the sums down the columns of matrices that samples are normalised by. */
#ifndef MATH_VEC_NORM_SAMPLES_H
#define MATH_VEC_NORM_SAMPLES_H

#include "math/vec/norm/wide.h"

#define SAMPLES_PIECES 4 /* half registers of columns that go down the rows together */

/* The sums of a group of matrices, column by column, and zeros up to whole half registers: [group][width]. */
struct column_sums {
    int64_t blocks, width, group; /* half registers and doubles of a matrix; matrices, at most */
    double *first, *second;
};

VEC_INLINE struct column_sums samples_place_sums(const struct sample_norm *n, double *scratch)
{
    struct column_sums s = {.blocks = (n->columns + WIDE - 1) / WIDE, .first = scratch};
    s.width = s.blocks * WIDE;
    s.group = s.blocks < SAMPLES_PIECES ? SAMPLES_PIECES / s.blocks : 1;
    s.second = scratch + s.group * s.width;
    return s;
}

/* The sums of `group` matrices: of x and x * x, or if there are dy and moments, of the gradient of the normalised x
 * and of that times the normalised x. */
void LEVEL(samples_sum)(const struct sample_norm *n, const struct column_sums *s, int64_t group,
                        const float *x, const float *dy, const float *moments);

#endif
