/* outer_tile.h - the register tiles of outer.h: products of columns, 16 floats each, of x and of dy. */
#ifndef MATH_VEC_CONV_OUTER_OUTER_TILE_H
#define MATH_VEC_CONV_OUTER_OUTER_TILE_H

#include <stdbool.h>

#include "math/vec/vec.h"

#if VEC_REGISTERS == 32
#define OUTER_TILE_M 6
#define OUTER_TILE_T (4 / VEC_PARTS)
#else
#define OUTER_TILE_M 3
#define OUTER_TILE_T (VW == 8 ? 2 : 1)
#endif
#define OUTER_COLUMNS 64 /* of a tile: few enough that their gradients stay in the L1 cache */

struct outer_tile {
    const float *x, *dy;
    int64_t plane;                       /* floats from a channel of dy to the next */
    const int64_t *x_column, *dy_column; /* [columns]: where columns begin */
    int64_t columns;
    const int64_t *tap; /* [depth]: how much further in x a tap begins */
    int64_t depth;
    bool fresh; /* no sums yet */
};

/* Returns how many channels a tile takes of those that are left. */
static inline int outer_tile_channels(int64_t left)
{
    return left >= OUTER_TILE_M ? OUTER_TILE_M : left >= 2 ? 2 : 1;
}

/* sums [channels][depth][16] += the products of `channels` channels, a count of outer_tile_channels, and all taps. */
void LEVEL(outer_multiply)(int channels, const struct outer_tile *t, float *sums);

#endif
