/* vec_winograd.h - convolutions of 3x3 windows at stride 1 by Winograd's minimal filtering F(2x2, 3x3).
 *
 * The plane is cut into tiles of 2x2 outputs, each seeing 4x4 inputs (Lavin & Gray, "Fast algorithms for convolutional
 * neural networks", 2015):
 *     Y = At [ (G g Gt) * (Bt d B) ] A,    Bt = 1  0 -1  0   G = 1   0   0   At = 1 1  1  0
 *                                               0  1  1  0      .5  .5  .5        0 1 -1 -1
 *                                               0 -1  1  0      .5 -.5  .5
 *                                               0  1  0 -1      0   0   1
 * where * is a product point by point: 16 multiplications instead of 36. Over channels it becomes 16 matrix products,
 * one per point. The samples of a batch lie side by side, so all transforms of activations are additions of whole
 * vectors. The factors are 0, 1 and 1/2: in float32 the result is as good as that of the direct sum. */
#ifndef DDP_MATH_VEC_WINOGRAD_H
#define DDP_MATH_VEC_WINOGRAD_H

#include "math/vec_patch.h"

#define WINOGRAD_POINTS   16
#define WINOGRAD_CHANNELS 12 /* with fewer the transforms cost more than they save */

static inline bool winograd_fits(const struct window *c)
{
    return c->kernel == 3 && c->stride == 1 && c->padding <= 2 && c->in.c >= WINOGRAD_CHANNELS &&
           c->out.c >= WINOGRAD_CHANNELS;
}

static inline int64_t winograd_tiles(const struct shape *out)
{
    return (out->h + 1) / 2 * ((out->w + 1) / 2);
}

/* Where a register of tiles' lanes starts in the input, and whether its 4x4 inputs all exist. */
struct winograd_column {
    struct patch patch;
    bool inside;
};

/* Column `column` of those of all tiles, each `width` lanes wide in registers of VW, from lane `lane` on. */
static inline struct winograd_column winograd_column(const struct window *c, int64_t column, int64_t width,
                                                     int64_t lane)
{
    int64_t across = (c->out.w + 1) / 2, tile = column * VW / width;
    struct patch p = {.y = tile / across * 2 - c->padding,
                      .x = tile % across * 2 - c->padding,
                      .lane = lane + column * VW % width};
    return (struct winograd_column){p, p.y >= 0 && p.x >= 0 && p.y + 4 <= c->in.h && p.x + 4 <= c->in.w};
}

/* Bt d B of the 4x4 inputs of channel `ic` under a column. */
VEC_INLINE void winograd_input(const struct window *c, const struct winograd_column *at, const float *x,
                               int64_t ic, vec d[4][4])
{
    if (at->inside) {
        const float *from = x + patch_tap(c, &at->patch, ic, 0, 0);
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++)
#pragma GCC unroll 4
            for (int j = 0; j < 4; j++) d[i][j] = vec_load(from + (i * c->in.w + j) * c->lanes);
    } else {
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++)
#pragma GCC unroll 4
            for (int j = 0; j < 4; j++) {
                int64_t from = patch_tap(c, &at->patch, ic, i, j);
                d[i][j] = from < 0 ? (vec){0} : vec_load(x + from);
            }
    }
#define WINOGRAD_BT(a, b, c, d)                                                                              \
    {                                                                                                        \
        vec t0 = a - c, t1 = b + c, t2 = c - b, t3 = b - d;                                                  \
        a = t0, b = t1, c = t2, d = t3;                                                                      \
    }
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) WINOGRAD_BT(d[0][j], d[1][j], d[2][j], d[3][j])
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) WINOGRAD_BT(d[i][0], d[i][1], d[i][2], d[i][3])
#undef WINOGRAD_BT
}

#endif
