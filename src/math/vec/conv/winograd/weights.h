/* weights.h - the transformed weights of the forward pass and the data gradient. */
#ifndef MATH_VEC_CONV_WINOGRAD_WEIGHTS_H
#define MATH_VEC_CONV_WINOGRAD_WEIGHTS_H

#include "math/vec/conv/winograd.h"

/* Where the weights of a result channel, a channel of the sum, a tap of depth and a tap of the plane lie: how
 * many floats from one to the next; those of the plane 1, or -1, which mirrors the window. */
struct winograd_weights {
    const float *first;
    int64_t oc, ic, depth, tap;
};

/* G g Gt of output channels [oc, oc + m) of window c to u [16][S][m], points `point` floats apart. Writes up to a
 * register behind each point. */
void LEVEL(winograd_transform_weights)(const struct window *c, const struct winograd_weights *w, int64_t oc,
                                       int64_t m, int64_t point, float *u);

#endif
