/* pool.c - maximum and mean of the windows of a plane. */
#include <assert.h>

#include "math/vec/vec.h"

typedef uint8_t vecb __attribute__((vector_size(VW), may_alias));

/* Calls are made per window (channel c, output row oy, output column ox); [y0,y1) x [x0,x1) is the part of
 * the window that lies inside the input. */
struct extent {
    int64_t y0, y1, x0, x1;
};

VEC_INLINE struct extent pool_extent(const struct window *p, int64_t oy, int64_t ox)
{
    int64_t y = oy * p->stride[AXIS_H] - p->pad_before[AXIS_H];
    int64_t x = ox * p->stride[AXIS_W] - p->pad_before[AXIS_W];
    struct extent e = {y, y + p->kernel[AXIS_H], x, x + p->kernel[AXIS_W]};
    if (e.y0 < 0) e.y0 = 0;
    if (e.x0 < 0) e.x0 = 0;
    if (e.y1 > p->in.d[AXIS_H]) e.y1 = p->in.d[AXIS_H];
    if (e.x1 > p->in.d[AXIS_W]) e.x1 = p->in.d[AXIS_W];
    return e;
}

/* The first maximum in row order wins and NaN wins over all, as torch.nn.MaxPool2d. `arg` counts the
 * positions of the part of the window that lies inside. */
VEC_INLINE void pool_max_window(const struct extent *e, int64_t width, int64_t lanes, const float *x,
                                float *y, uint8_t *arg)
{
    for (int64_t n = 0; n < lanes; n += VW) {
        vec best = vec_load(x + (e->y0 * width + e->x0) * lanes + n);
        veci where = {0};
        int32_t position = 0;
        for (int64_t iy = e->y0; iy < e->y1; iy++)
            for (int64_t ix = e->x0; ix < e->x1; ix++, position++) {
                vec value = vec_load(x + (iy * width + ix) * lanes + n);
                veci better = (value > best) | (value != value);
                best = vec_select(better, value, best);
                where = (better & (position - (veci){0})) | (~better & where);
            }
        vec_store(y + n, best);
        *(vecb *)(arg + n) = __builtin_convertvector(where, vecb);
    }
}

/* A window of K x K that lies inside, K known to the compiler. */
VEC_INLINE void pool_max_square(const int K, int64_t width, int64_t lanes, const float *x, float *y,
                                uint8_t *arg)
{
    pool_max_window(&(struct extent){0, K, 0, K}, width, lanes, x, y, arg);
}

/* A maximum needs at least one element. */
static bool pool_is_never_empty(const struct window *p)
{
    for (int i = AXIS_H; i <= AXIS_W; i++)
        if (p->pad_before[i] >= p->kernel[i] || p->pad_after[i] >= p->kernel[i]) return false;
    return true;
}

static bool pool_is_square_inside(const struct window *p)
{
    return p->kernel[AXIS_H] == p->kernel[AXIS_W] && window_is_inside(p);
}

void LEVEL(maxpool_forward)(const struct window *p, const float *x, float *y, uint8_t *arg)
{
    assert(window_is_2d(p) && window_taps(p) <= 256 && pool_is_never_empty(p));
    int64_t square = pool_is_square_inside(p) ? p->kernel[AXIS_H] : 0;
    for (int64_t c = 0; c < p->in.c; c++) {
        const float *plane = x + c * shape_positions(p->in) * p->lanes;
        for (int64_t oy = 0; oy < p->out.d[AXIS_H]; oy++)
            for (int64_t ox = 0; ox < p->out.d[AXIS_W]; ox++, y += p->lanes, arg += p->lanes) {
                int64_t row = oy * p->stride[AXIS_H], column = ox * p->stride[AXIS_W];
                const float *corner = plane + (row * p->in.d[AXIS_W] + column) * p->lanes;
                struct extent e = pool_extent(p, oy, ox);
                if (square == 2)
                    pool_max_square(2, p->in.d[AXIS_W], p->lanes, corner, y, arg);
                else if (square == 3)
                    pool_max_square(3, p->in.d[AXIS_W], p->lanes, corner, y, arg);
                else
                    pool_max_window(&e, p->in.d[AXIS_W], p->lanes, plane, y, arg);
            }
    }
}

/* Returns whether every input element belongs to exactly one window, so that gradients are stored and not
 * added up. */
static bool pool_tiles_exactly(const struct window *p)
{
    for (int i = AXIS_H; i <= AXIS_W; i++)
        if (p->stride[i] != p->kernel[i] || p->in.d[i] != p->out.d[i] * p->stride[i]) return false;
    return window_is_inside(p);
}

VEC_INLINE void pool_max_window_backward(const struct extent *e, int64_t width, int64_t lanes,
                                         const uint8_t *arg, const float *dy, float *dx, const bool add)
{
    for (int64_t n = 0; n < lanes; n += VW) {
        veci where = __builtin_convertvector(*(const vecb *)(arg + n), veci);
        vec gradient = vec_load(dy + n);
        int32_t position = 0;
        for (int64_t iy = e->y0; iy < e->y1; iy++)
            for (int64_t ix = e->x0; ix < e->x1; ix++, position++) {
                float *to = dx + (iy * width + ix) * lanes + n;
                vec share = vec_select(where == position, gradient, (vec){0});
                if (add) share += vec_load(to);
                vec_store(to, share);
            }
    }
}

VEC_INLINE void pool_max_planes(const struct window *p, const uint8_t *arg, const float *dy, float *dx,
                                const bool add)
{
    for (int64_t c = 0; c < p->in.c; c++) {
        float *plane = dx + c * shape_positions(p->in) * p->lanes;
        for (int64_t oy = 0; oy < p->out.d[AXIS_H]; oy++)
            for (int64_t ox = 0; ox < p->out.d[AXIS_W]; ox++) {
                int64_t at = ((c * p->out.d[AXIS_H] + oy) * p->out.d[AXIS_W] + ox) * p->lanes;
                struct extent e = pool_extent(p, oy, ox);
                pool_max_window_backward(&e, p->in.d[AXIS_W], p->lanes, arg + at, dy + at, plane, add);
            }
    }
}

/* Windows of K x K that tile the input exactly, K known to the compiler. */
VEC_INLINE void pool_max_squares(const int K, const struct window *p, const uint8_t *arg, const float *dy,
                                 float *dx)
{
    const struct extent e = {0, K, 0, K};
    for (int64_t line = 0; line < p->in.c * p->out.d[AXIS_H]; line++, dx += K * p->in.d[AXIS_W] * p->lanes)
        for (int64_t ox = 0; ox < p->out.d[AXIS_W]; ox++, dy += p->lanes, arg += p->lanes)
            pool_max_window_backward(&e, p->in.d[AXIS_W], p->lanes, arg, dy, dx + ox * K * p->lanes, false);
}

void LEVEL(maxpool_backward)(const struct window *p, const uint8_t *arg, const float *dy, float *dx)
{
    assert(window_is_2d(p));
    if (pool_tiles_exactly(p) && p->kernel[AXIS_H] == 2 && p->kernel[AXIS_W] == 2) {
        pool_max_squares(2, p, arg, dy, dx);
        return;
    }
    if (pool_tiles_exactly(p)) {
        pool_max_planes(p, arg, dy, dx, false);
        return;
    }
    memset(dx, 0, (size_t)(shape_features(p->in) * p->lanes) * sizeof *dx);
    pool_max_planes(p, arg, dy, dx, true);
}

/* Padding counts as zeros in the mean (count_include_pad, the default of torch.nn.AvgPool2d). */
void LEVEL(avgpool_forward)(const struct window *p, const float *x, float *y)
{
    assert(window_is_2d(p));
    float share = 1.0f / (float)window_taps(p);
    for (int64_t c = 0; c < p->in.c; c++) {
        const float *plane = x + c * shape_positions(p->in) * p->lanes;
        for (int64_t oy = 0; oy < p->out.d[AXIS_H]; oy++)
            for (int64_t ox = 0; ox < p->out.d[AXIS_W]; ox++) {
                float *to = y + ((c * p->out.d[AXIS_H] + oy) * p->out.d[AXIS_W] + ox) * p->lanes;
                struct extent e = pool_extent(p, oy, ox);
                for (int64_t n = 0; n < p->lanes; n += VW) {
                    vec sum = {0};
                    for (int64_t iy = e.y0; iy < e.y1; iy++)
                        for (int64_t ix = e.x0; ix < e.x1; ix++)
                            sum += vec_load(plane + (iy * p->in.d[AXIS_W] + ix) * p->lanes + n);
                    vec_store(to + n, sum * share);
                }
            }
    }
}

void LEVEL(avgpool_backward)(const struct window *p, const float *dy, float *dx)
{
    assert(window_is_2d(p));
    float share = 1.0f / (float)window_taps(p);
    memset(dx, 0, (size_t)(shape_features(p->in) * p->lanes) * sizeof *dx);
    for (int64_t c = 0; c < p->in.c; c++) {
        float *plane = dx + c * shape_positions(p->in) * p->lanes;
        for (int64_t oy = 0; oy < p->out.d[AXIS_H]; oy++)
            for (int64_t ox = 0; ox < p->out.d[AXIS_W]; ox++) {
                const float *from = dy + ((c * p->out.d[AXIS_H] + oy) * p->out.d[AXIS_W] + ox) * p->lanes;
                struct extent e = pool_extent(p, oy, ox);
                for (int64_t iy = e.y0; iy < e.y1; iy++)
                    for (int64_t ix = e.x0; ix < e.x1; ix++) {
                        float *to = plane + (iy * p->in.d[AXIS_W] + ix) * p->lanes;
                        for (int64_t n = 0; n < p->lanes; n++) to[n] += from[n] * share;
                    }
            }
    }
}
