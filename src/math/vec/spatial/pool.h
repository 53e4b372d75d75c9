/* pool.h - going over the windows of a pooling: where each begins and where its
 * elements are.
 *
 * With whole vectors of lanes every window goes by itself. Otherwise vectors
 * run along a row of outputs, where its windows are not cut and the inputs of
 * neighbours can be found (spread.h); those that are cut, and all of an
 * adaptive pooling, go by themselves with part of a vector. */
#ifndef MATH_VEC_SPATIAL_POOL_H
#define MATH_VEC_SPATIAL_POOL_H

#include "math/pool.h"
#include "math/vec/spatial/spread.h"
#include "math/vec/vec.h"

/* The elements of a window along each axis, and the floats from one to the
 * next. */
struct pool_taps {
    int64_t count[SHAPE_AXES], step[SHAPE_AXES];
};

/* The window of an output: its first input in a channel, in floats, its
 * elements and how many a mean counts. */
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

/* Whichever is the faster: `regular` is pool_is_regular(). */
VEC_INLINE struct pool_window pool_any_window(const struct pool *p, bool regular, int64_t d, int64_t h,
                                              int64_t w)
{
    return regular ? pool_regular_window(p, p->window.kernel, d, h, w) : pool_window(p, d, h, w);
}

/* Of each row of outputs, those that go together: [first, end), none where both
 * are 0. */
struct pool_rows {
    bool regular; /* pool_is_regular() */
    int64_t first, end;
    enum spread_form form;
    struct spread spread;
};

static inline struct pool_rows pool_rows(const struct pool *p)
{
    const struct window *w = &p->window;
    int64_t lanes = w->lanes, stride = w->stride[AXIS_W], pad = w->pad_before[AXIS_W];
    struct pool_rows rows = {.regular = pool_is_regular(p), .form = SPREAD_WHOLE};
    if (lanes % VW == 0) return rows;
    rows.form = stride == 1 ? SPREAD_NEAR : stride == 2 ? SPREAD_SECOND : SPREAD_FAR;
    bool fits = stride == 1 || (spread_fits(lanes) && (stride == 2 || lanes <= VW / 4));
    if (p->adaptive || !fits) return rows;
    int64_t room = w->in.d[AXIS_W] - 1 - (w->kernel[AXIS_W] - 1) * w->dilation[AXIS_W] + pad;
    int64_t end = room < 0 ? 0 : room / stride + 1, first = (pad + stride - 1) / stride;
    if (end > w->out.d[AXIS_W]) end = w->out.d[AXIS_W];
    if (first >= end) return rows;
    rows.first = first, rows.end = end;
    rows.spread = spread_of(lanes, stride);
    return rows;
}

/* Returns how many outputs go together from output w of a row on. */
VEC_INLINE int64_t pool_together(const struct pool_rows *rows, const enum spread_form form, int64_t w)
{
    return form != SPREAD_WHOLE && w >= rows->first && w < rows->end ? rows->end - w : 1;
}

#endif
