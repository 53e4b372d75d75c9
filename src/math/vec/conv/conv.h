/* conv.h - what the ways through a convolution share. */
#ifndef MATH_VEC_CONV_CONV_H
#define MATH_VEC_CONV_CONV_H

#include <stdbool.h>

#include "math/vec/conv/tile.h"

enum conv_product { CONV_FORWARD, CONV_DATA, CONV_WEIGHT, CONV_PRODUCTS };

/* A way through a convolution: its three products (rules.c says when), or some of them, with the arguments of the entry
 * points in kernel_list.h. */
struct conv_way {
    bool takes_groups; /* else it is called for each group by itself */
    int64_t (*scratch_floats)(const struct window *c);
    void (*forward)(const struct window *c, const float *weight, const float *x, const struct finish *finish,
                    float *y, float *scratch);
    void (*backward_data)(const struct window *c, const float *weight, const float *dy,
                          const struct finish *finish, float *dx, float *scratch);
    void (*backward_weight)(const struct window *c, const float *x, const float *dy, float *dweight,
                            float *scratch);
};

extern const struct conv_way LEVEL(conv_way_depthwise); /* depthwise.c: everything */
extern const struct conv_way LEVEL(conv_way_winograd);  /* winograd.c: no weight gradient */
extern const struct conv_way LEVEL(conv_way_direct);    /* conv_direct.c: no weight gradient */
extern const struct conv_way LEVEL(conv_way_blas);      /* blas/conv_blas.c: everything */
/* conv_weight.c: the weight gradient alone */
extern const struct conv_way LEVEL(conv_way_winograd_sums), LEVEL(conv_way_panel_sums),
    LEVEL(conv_way_outer_sums);

/* Products per output element, of one group. */
static inline int64_t depth_of(const struct window *c)
{
    return c->in.c / c->groups * window_taps(c);
}

/* What remains for the channels from `channel` on, whose results start `at` floats further. */
static inline struct finish finish_from(const struct finish *f, int64_t channel, int64_t at)
{
    return (struct finish){f->bias ? f->bias + channel : NULL, f->relu, f->mask ? f->mask + at : NULL,
                           f->mask_limit};
}

/* Takes `floats` of a scratch block that is laid out (or, with a NULL base, only measured). */
static inline int64_t conv_carve(float *base, int64_t *used, float **part, int64_t floats)
{
    *part = base ? base + *used : NULL;
    *used += (floats + 15) / 16 * 16;
    return *used;
}

#endif
