/* pool.h - the windows of a pooling, which may be cut at the edges of the input or differ in size.
 *
 * Along an axis, output `at` covers the inputs first, first + dilation, ... as pool_span says. As in PyTorch:
 * padding is no input, a window may reach beyond the input (ceil mode), and the windows of an adaptive pooling
 * are the inputs from floor(at * in / out) to ceil((at + 1) * in / out), where neighbours may overlap. */
#ifndef MATH_POOL_H
#define MATH_POOL_H

#include "math/window.h"

struct pool {
    struct window window; /* of an adaptive pooling: in, out and lanes; the rest as of window_even */
    bool adaptive;
    bool count_padding; /* in a mean, but not what lies beyond the padding */
    int64_t divisor;    /* of a mean, in place of the number of elements; 0 = none */
};

struct pool_span {
    int64_t first, count; /* of inputs */
    int64_t padded;       /* elements, those in the padding included */
};

static inline struct pool_span pool_span(const struct pool *p, int axis, int64_t at)
{
    const struct window *w = &p->window;
    int64_t in = w->in.d[axis], step = w->dilation[axis];
    if (p->adaptive) {
        int64_t out = w->out.d[axis], first = at * in / out, count = ((at + 1) * in + out - 1) / out - first;
        return (struct pool_span){first, count, count};
    }
    int64_t first = at * w->stride[axis] - w->pad_before[axis];
    int64_t end = first + (w->kernel[axis] - 1) * step + 1, padded_end = in + w->pad_after[axis];
    struct pool_span s = {.padded = ((end < padded_end ? end : padded_end) - first + step - 1) / step};
    s.first = first < 0 ? first + (step - 1 - first) / step * step : first;
    if (end > in) end = in;
    s.count = end > s.first ? (end - s.first + step - 1) / step : 0;
    return s;
}

/* Sets `out`, of `channels` channels and `rank` axes, to as many windows as fit into the padded input. With
 * `ceil` one that reaches beyond it is added, if it starts in the input or the padding before it. Returns
 * false, and `out` is of no use, where an axis has no window. */
static inline bool pool_place(struct pool *p, bool ceil, int64_t channels, int rank)
{
    struct window *w = &p->window;
    w->out = (struct shape){channels, rank, {1, 1, 1}};
    for (int i = 0; i < SHAPE_AXES; i++) {
        int64_t begin = w->in.d[i] + w->pad_before[i], covered = (w->kernel[i] - 1) * w->dilation[i] + 1;
        int64_t room = begin + w->pad_after[i] - covered + (ceil ? w->stride[i] - 1 : 0);
        if (room < 0) return false;
        w->out.d[i] = room / w->stride[i] + 1;
        if (ceil && (w->out.d[i] - 1) * w->stride[i] >= begin) w->out.d[i]--;
    }
    return true;
}

/* Returns whether every window along the axis has an input: those that begin in the padding, and the last. */
static inline bool pool_is_never_empty(const struct pool *p, int axis)
{
    int64_t last = p->window.out.d[axis] - 1;
    for (int64_t at = 0; at < last && at * p->window.stride[axis] < p->window.pad_before[axis]; at++)
        if (pool_span(p, axis, at).count == 0) return false;
    return pool_span(p, axis, last).count > 0;
}

/* Returns how many elements of a channel a window has at most. */
static inline int64_t pool_taps(const struct pool *p)
{
    if (!p->adaptive) return window_taps(&p->window);
    int64_t taps = 1;
    for (int i = 0; i < SHAPE_AXES; i++) taps *= (p->window.in.d[i] - 1) / p->window.out.d[i] + 2;
    return taps;
}

/* Bytes for the position of a maximum in its window. */
static inline int64_t pool_position_bytes(const struct pool *p)
{
    return pool_taps(p) <= 256 ? 1 : 4;
}

/* Returns whether no window is cut, and all have the size of the kernel, its elements side by side. */
static inline bool pool_is_regular(const struct pool *p)
{
    const struct window *w = &p->window;
    for (int i = 0; i < SHAPE_AXES; i++)
        if (w->dilation[i] != 1 || w->pad_before[i] != 0 ||
            (w->out.d[i] - 1) * w->stride[i] + w->kernel[i] > w->in.d[i])
            return false;
    return !p->adaptive;
}

/* Returns whether every input belongs to exactly one window. */
static inline bool pool_tiles(const struct pool *p)
{
    const struct window *w = &p->window;
    for (int i = 0; i < SHAPE_AXES; i++) {
        bool is_equal = w->stride[i] == w->kernel[i] && w->in.d[i] == w->out.d[i] * w->stride[i];
        if (p->adaptive ? w->in.d[i] % w->out.d[i] != 0 : !is_equal) return false;
    }
    return p->adaptive || pool_is_regular(p);
}

#endif
