/* conv.c - the convolutions' entry points: which of the ways is taken, by a fixed rule on shapes that looks
 * at neither lanes nor leaves, so that a sample gets the same bits in any company. */
#include <assert.h>

#include "math/vec/conv/winograd.h"

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int64_t LEVEL(conv_scratch_floats)(const struct window *c)
{
    assert(window_is_2d(c));
    int64_t data = winograd_fits(c) ? LEVEL(winograd_scratch_floats)(c) : LEVEL(direct_scratch_floats)(c);
    return larger(data, LEVEL(conv_weight_scratch_floats)(c));
}

void LEVEL(conv_forward)(const struct window *c, const float *weight, const float *bias, bool relu,
                         const float *x, float *y, float *scratch)
{
    assert(window_is_2d(c));
    if (winograd_fits(c))
        LEVEL(winograd_forward)(c, weight, bias, relu, x, y, scratch);
    else
        LEVEL(direct_forward)(c, weight, bias, relu, x, y, scratch);
}

void LEVEL(conv_backward_data)(const struct window *c, const float *weight, const float *dy,
                               const float *mask, float *dx, float *scratch)
{
    if (winograd_fits(c))
        LEVEL(winograd_backward_data)(c, weight, dy, mask, dx, scratch);
    else
        LEVEL(direct_backward_data)(c, weight, dy, mask, dx, scratch);
}
