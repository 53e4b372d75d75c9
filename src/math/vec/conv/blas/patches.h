/* patches.h - blocks of the matrices of which a convolution is a product: any window, any number of axes.
 *
 * A row is a tap of an input channel, a column one lane at one output position; an element is the input that
 * the tap sees there, or 0 in the padding. Only a block of that matrix is ever in memory. */
#ifndef MATH_VEC_CONV_BLAS_PATCHES_H
#define MATH_VEC_CONV_BLAS_PATCHES_H

#include "math/vec/conv/conv.h"

struct patches {
    int64_t row, rows;           /* of [channels][taps] */
    int64_t position, positions; /* of the output */
    int64_t lane, lanes;
};

static inline int64_t patches_columns(const struct patches *b)
{
    return b->positions * b->lanes;
}

/* panel [rows][columns] = the block of x, whose first channel is the first of the rows' group. */
void LEVEL(patches_gather)(const struct window *c, const struct patches *b, const float *x, float *panel);

/* Adds the panel to the inputs dx that the taps see, row by row. */
void LEVEL(patches_scatter)(const struct window *c, const struct patches *b, const float *panel, float *dx);

/* panel [channels][columns] = the block's columns of an output y. */
void LEVEL(patches_take)(const struct window *c, const struct patches *b, int64_t channels, const float *y,
                         float *panel);

/* The reverse, finished: `finish` starts at the first of the channels. */
void LEVEL(patches_store)(const struct window *c, const struct patches *b, int64_t channels,
                          const float *panel, const struct finish *finish, float *y);

#endif
