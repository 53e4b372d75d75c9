/* conv.h - what the ways through a convolution share. */
#ifndef MATH_VEC_CONV_CONV_H
#define MATH_VEC_CONV_CONV_H

#include <stdbool.h>

#include "math/vec/conv/tile.h"

/* The ways through a convolution, with the arguments of the entry points in conv.c. */
void LEVEL(direct_forward)(const struct window *c, const float *weight, const float *bias, bool relu,
                           const float *x, float *y, float *scratch);
void LEVEL(direct_backward_data)(const struct window *c, const float *weight, const float *dy,
                                 const float *mask, float *dx, float *scratch);
int64_t LEVEL(direct_scratch_floats)(const struct window *c);
void LEVEL(winograd_forward)(const struct window *c, const float *weight, const float *bias, bool relu,
                             const float *x, float *y, float *scratch);
void LEVEL(winograd_backward_data)(const struct window *c, const float *weight, const float *dy,
                                   const float *mask, float *dx, float *scratch);
int64_t LEVEL(winograd_scratch_floats)(const struct window *c);

/* The weight gradient's share of conv_scratch_floats. */
int64_t LEVEL(conv_weight_scratch_floats)(const struct window *c);

/* Products per output element. */
static inline int64_t depth_of(const struct window *c)
{
    return c->in.c * window_taps(c);
}

/* Takes `floats` of a scratch block that is laid out (or, with a NULL base, only measured). */
static inline int64_t conv_carve(float *base, int64_t *used, float **part, int64_t floats)
{
    *part = base ? base + *used : NULL;
    *used += (floats + 15) / 16 * 16;
    return *used;
}

#endif
