/* trim.h - windows without the taps at both ends of each axis that meet only padding, as a dilated window over a small
 * plane has: their products are zeros. */
#ifndef MATH_VEC_CONV_TRIM_H
#define MATH_VEC_CONV_TRIM_H

#include "math/vec/conv/conv.h"

/* The window of one group, cut out of another: where its first tap was. */
struct trim {
    struct window window;
    int64_t before[SHAPE_AXES];
};

struct trim LEVEL(trim_of)(const struct window *c);

/* The same, but the whole window unless one tap is left and results are many enough to pay for a copy of the weights. */
struct trim LEVEL(trim_to_point)(const struct window *c);

/* Returns whether there are such taps. */
static inline bool trim_is_less(const struct trim *t, const struct window *c)
{
    return window_taps(&t->window) < window_taps(c);
}

/* Returns weights [OC][IC][taps of t] of [OC][IC][taps of c]: these, or a copy of trim_floats in `taken`. */
const float *LEVEL(trim_take)(const struct trim *t, const struct window *c, const float *weight,
                              float *taken);
static inline int64_t trim_floats(const struct trim *t, const struct window *c)
{
    return trim_is_less(t, c) ? (c->out.c * c->in.c * window_taps(&t->window) + 15) / 16 * 16 : 0;
}

/* Spreads dweight [OC][IC][taps of t] to [OC][IC][taps of c] where it is, with zeros for the others. */
void LEVEL(trim_spread)(const struct trim *t, const struct window *c, float *dweight);

#endif
