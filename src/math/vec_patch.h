/* vec_patch.h - the geometry of a convolution: taps, and the patches of the input under the window. */
#ifndef DDP_MATH_VEC_PATCH_H
#define DDP_MATH_VEC_PATCH_H

#include <stdbool.h>

#include "math/vec_tile.h"

/* The ways through a convolution, with the arguments of the entry points in vec_conv.c. */
void LEVEL(direct_forward)(const struct window *c, const float *weight, const float *bias, const float *x,
                           float *y, float *scratch);
void LEVEL(direct_backward_data)(const struct window *c, const float *weight, const float *dy, float *dx,
                                 float *scratch);
int64_t LEVEL(direct_scratch_floats)(const struct window *c);
void LEVEL(winograd_forward)(const struct window *c, const float *weight, const float *bias, const float *x,
                             float *y, float *scratch);
void LEVEL(winograd_backward_data)(const struct window *c, const float *weight, const float *dy, float *dx,
                                   float *scratch);
int64_t LEVEL(winograd_scratch_floats)(const struct window *c);

/* Products per output element. */
static inline int64_t depth_of(const struct window *c)
{
    return c->in.c * c->kernel * c->kernel;
}

/* Whether the columns of an output row lie side by side in the input, so that a tap is just an offset. */
static inline bool slides(const struct window *c)
{
    return c->stride == 1 && c->padding == 0;
}

/* Takes `floats` of a scratch block that is laid out (or, with a NULL base, only measured). */
static inline int64_t carve(float *base, int64_t *used, float **part, int64_t floats)
{
    *part = base ? base + *used : NULL;
    *used += (floats + 15) / 16 * 16;
    return *used;
}

/* Offset of tap k in the input, relative to the window's first element. */
static inline void tap_offsets(const struct window *c, int64_t *offset)
{
    int64_t k = 0;
    for (int64_t ic = 0; ic < c->in.c; ic++)
        for (int64_t ky = 0; ky < c->kernel; ky++)
            for (int64_t kx = 0; kx < c->kernel; kx++)
                offset[k++] = ((ic * c->in.h + ky) * c->in.w + kx) * c->lanes;
}

static inline void even_offsets(int64_t count, int64_t step, int64_t *offset)
{
    for (int64_t i = 0; i < count; i++) offset[i] = i * step;
}

/* Where the `registers` columns from `column` on start in the input, and where their windows lie. */
struct patch {
    int64_t y, x, lane; /* of the window's first element; may hang over the edge */
};

static inline void patches_of(const struct window *c, int64_t column, int64_t registers, int64_t width,
                              struct patch *patch)
{
    for (int64_t j = 0; j < registers; j++) {
        int64_t at = (column + j) * width, position = at / c->lanes;
        patch[j].lane = at % c->lanes;
        patch[j].y = position / c->out.w * c->stride - c->padding;
        patch[j].x = position % c->out.w * c->stride - c->padding;
    }
}

/* The address of tap (ic, ky, kx) of a patch, or -1 where it hangs over the edge. */
VEC_INLINE int64_t patch_tap(const struct window *c, const struct patch *p, int64_t ic, int64_t ky,
                             int64_t kx)
{
    int64_t y = p->y + ky, x = p->x + kx;
    if (y < 0 || y >= c->in.h || x < 0 || x >= c->in.w) return -1;
    return ((ic * c->in.h + y) * c->in.w + x) * c->lanes + p->lane;
}

/* Copies the patches of `registers` columns of `width` floats into panel [depth][stride]. */
VEC_INLINE void pack_patches(const struct window *c, const float *x, const struct patch *patch,
                             int64_t registers, const int64_t width, int64_t stride, float *panel)
{
    for (int64_t ic = 0; ic < c->in.c; ic++)
        for (int64_t ky = 0; ky < c->kernel; ky++)
            for (int64_t kx = 0; kx < c->kernel; kx++, panel += stride)
                for (int64_t j = 0; j < registers; j++) {
                    int64_t from = patch_tap(c, &patch[j], ic, ky, kx);
                    for (int64_t i = 0; i < width; i += VW)
                        vec_store(panel + j * width + i, from < 0 ? (vec){0} : vec_load(x + from + i));
                }
}

#endif
