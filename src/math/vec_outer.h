/* vec_outer.h - weight gradients of few channels, lane by lane: every weight has 16 sums, which are added to each
 * other at the end of a leaf. */
#ifndef DDP_MATH_VEC_OUTER_H
#define DDP_MATH_VEC_OUTER_H

#include "math/vec_patch.h"

/* Sums [OC][depth] of the leaf in lanes [lane, lane + lanes), overwritten. `work`: outer_leaf_floats(). */
void LEVEL(outer_leaf)(const struct window *c, int64_t lane, int64_t lanes, const float *x, const float *dy,
                       float *sums, float *work);
int64_t LEVEL(outer_leaf_floats)(const struct window *c); /* for no more lanes than c has */

#endif
