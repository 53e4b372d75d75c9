/* weights.h - where the tiles of a direct convolution find their weights. */
#ifndef MATH_VEC_CONV_DIRECT_WEIGHTS_H
#define MATH_VEC_CONV_DIRECT_WEIGHTS_H

#include "math/vec/conv/conv.h"

/* The weight of a channel (or of a pair of them, in the form of pair.h) of the source and of the result through a tap is at
 * first[channel * a_channel + result * a_result + tap * a_tap], with a_row in place of a_result within a tile. */
struct weights {
    const float *first;
    int64_t a_channel, a_result, a_tap, a_row;
};

/* Returns how many floats weights_place needs for tiles of m channels of the result; none where weights stay. */
int64_t LEVEL(weights_floats)(const struct window *c, bool data, int m);

/* Finds weights [OC][IC][taps] for the forward pass or the data gradient: packed into tiles, as pairs if that is what
 * the products are of, or where they are if few results share the cost of packing. */
struct weights LEVEL(weights_place)(const struct window *c, bool data, int m, const float *weight,
                                    float *packed);

#endif
