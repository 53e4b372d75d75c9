/* strips.h - forward pass and data gradient of padded passes with up to STRIP_TERMS terms.
 *
 * Blocks of 16 lanes are computed one after the other, so that a position of a block is one line of the cache, however
 * many lanes lie beside it. What a row of tiles sees goes into a strip, transformed along the height already and with
 * zeros around it: so memory is read once, edges cost nothing, and a pass of many lanes, whose positions are powers of
 * two apart, does not compete for a few lines of the caches.
 * From there columns are carried to their outputs in groups of two registers, some output channels at a time. The
 * transform along the width is one addition for each column and term as the product loads it: panels of transformed
 * inputs would fill the L1 cache. */
#ifndef MATH_VEC_CONV_WINOGRAD_STRIPS_H
#define MATH_VEC_CONV_WINOGRAD_STRIPS_H

#include "math/vec/conv/winograd/weights.h"

#define STRIP_TERMS 96 /* with more the strip leaves the L2 cache, and weights are read too often */

static inline bool strips_fit(const struct window *c)
{
    return !winograd_is_dense(c) && winograd_terms(c) <= STRIP_TERMS;
}

int64_t LEVEL(strips_floats)(const struct window *c);

/* The forward pass of c, which is the transposed convolution for the data gradient; scratch: strips_floats(). */
void LEVEL(strips_run)(const struct window *c, const struct winograd_weights *weights,
                       const struct finish *finish, const float *x, float *y, float *scratch);

#endif
