/* outer.h - weight gradients of few channels, lane by lane: every weight has 16 sums, which are added to each
 * other at the end of a leaf. */
#ifndef MATH_VEC_CONV_OUTER_OUTER_H
#define MATH_VEC_CONV_OUTER_OUTER_H

#include "math/vec/conv/conv.h"

/* First the sums of all leaves, lane by lane, in `work`, [leaves][OC][depth][16]; then those of one leaf,
 * [OC][depth]. */
void LEVEL(outer_sums)(const struct window *c, const float *x, const float *dy, float *work);
void LEVEL(outer_leaf)(const struct window *c, int64_t leaf, float *sums, const float *work);
int64_t LEVEL(outer_floats)(const struct window *c);

/* outer_run.c: the same for a single leaf of any number of lanes, all with samples, and along any axes. */
void LEVEL(outer_run_sums)(const struct window *c, const float *x, const float *dy, float *work);
int64_t LEVEL(outer_run_floats)(const struct window *c);

#endif
