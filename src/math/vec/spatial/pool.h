/* pool.h - going over the windows of a pooling: where each begins and where its elements are. */
#ifndef MATH_VEC_SPATIAL_POOL_H
#define MATH_VEC_SPATIAL_POOL_H

#include "math/pool.h"
#include "math/vec/vec.h"

/* The elements of a window along each axis, and the floats from one to the next. */
struct pool_taps {
    int64_t count[SHAPE_AXES], step[SHAPE_AXES];
};

/* The window of an output: its first input in a channel, in floats, its elements and how many a mean counts. */
struct pool_window {
    int64_t first;
    struct pool_taps taps;
    int64_t counted;
};

VEC_INLINE struct pool_window pool_window(const struct pool *p, int64_t d, int64_t h, int64_t w)
{
    const struct window *all = &p->window;
    int64_t at[] = {d, h, w}, floats = all->lanes;
    struct pool_window window = {.counted = 1};
    for (int axis = AXIS_W; axis >= AXIS_D; axis--) {
        struct pool_span s = pool_span(p, axis, at[axis]);
        window.first += s.first * floats;
        window.taps.count[axis] = s.count;
        window.taps.step[axis] = all->dilation[axis] * floats;
        window.counted *= p->count_padding ? s.padded : s.count;
        floats *= all->in.d[axis];
    }
    return window;
}

/* The same where no window is cut; `count` is the kernel. */
VEC_INLINE struct pool_window pool_regular_window(const struct pool *p, const int64_t count[SHAPE_AXES],
                                                  int64_t d, int64_t h, int64_t w)
{
    const struct window *all = &p->window;
    int64_t row = all->in.d[AXIS_W] * all->lanes, plane = all->in.d[AXIS_H] * row;
    return (struct pool_window){
        .first = d * all->stride[AXIS_D] * plane + h * all->stride[AXIS_H] * row +
                 w * all->stride[AXIS_W] * all->lanes,
        .taps = {.count = {count[AXIS_D], count[AXIS_H], count[AXIS_W]}, .step = {plane, row, all->lanes}},
        .counted = count[AXIS_D] * count[AXIS_H] * count[AXIS_W]};
}

#endif
