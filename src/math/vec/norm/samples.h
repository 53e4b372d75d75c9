/* samples.h - the sums down the columns of matrices that samples are normalised by. */
#ifndef MATH_VEC_NORM_SAMPLES_H
#define MATH_VEC_NORM_SAMPLES_H

#include "math/vec/norm/wide.h"

#define SAMPLES_PIECES 4 /* half registers of columns that go down the rows together */
#define WOVEN_SETS     2 /* half registers of columns of several matrices that do */

/* The sums of a group of matrices, column by column: [group][width]. */
struct column_sums {
    int64_t blocks, width, group; /* half registers and doubles of a matrix; matrices, at most */
    double *first, *second;
};

/* Whether half a register holds a row of several matrices. */
VEC_INLINE bool samples_are_woven(const struct sample_norm *n)
{
    return n->count > 1 && n->columns <= 2 && n->columns < WIDE && n->row_stride == n->columns;
}

VEC_INLINE struct column_sums samples_place_sums(const struct sample_norm *n, double *scratch)
{
    struct column_sums s = {.blocks = (n->columns + WIDE - 1) / WIDE, .first = scratch};
    if (samples_are_woven(n)) {
        s.width = n->columns;
        s.group = WOVEN_SETS * WIDE / n->columns;
        s.second = scratch + WOVEN_SETS * WIDE;
        return s;
    }
    s.width = s.blocks * WIDE;
    s.group = s.blocks < SAMPLES_PIECES ? SAMPLES_PIECES / s.blocks : 1;
    s.second = scratch + s.group * s.width;
    return s;
}

/* The sums of `group` matrices: of x and x * x, or if there are dy and moments, of the gradient of the normalised x
 * and of that times the normalised x. */
void LEVEL(samples_sum)(const struct sample_norm *n, const struct column_sums *s, int64_t group,
                        const float *x, const float *dy, const float *moments);

/* The same where samples_are_woven: samples_woven.c. */
void LEVEL(samples_sum_woven)(const struct sample_norm *n, const struct column_sums *s, int64_t group,
                              const float *x, const float *dy, const float *moments);

#endif
