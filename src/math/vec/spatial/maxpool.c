/* maxpool.c - the maximum of windows, and where in its window each is. */
#include <assert.h>

#include "math/vec/spatial/pool.h"

typedef uint8_t vecb __attribute__((vector_size(VW), may_alias));

#define BLOCK 4 /* vectors that are gone over together where there are as many lanes */

/* Positions in a window take one byte or, in windows of more than 256 elements, four (`wide`). */
VEC_INLINE veci maxpool_load_position(const void *arg, int64_t at, const bool wide)
{
    if (wide) return *(const veci *)((const int32_t *)arg + at);
    return __builtin_convertvector(*(const vecb *)((const uint8_t *)arg + at), veci);
}

VEC_INLINE void maxpool_store_position(void *arg, int64_t at, veci where, const bool wide)
{
    if (wide)
        *(veci *)((int32_t *)arg + at) = where;
    else
        *(vecb *)((uint8_t *)arg + at) = __builtin_convertvector(where, vecb);
}

/* The first maximum in the order of the axes wins and NaN wins over all, as torch.nn.MaxPool2d. Positions count
 * the elements of the window that lie inside. */
VEC_INLINE void maxpool_vectors(const struct pool_taps *t, const int vectors, const float *x, float *y,
                                void *arg, int64_t at, const bool wide)
{
    vec best[BLOCK];
    veci where[BLOCK];
    int32_t position = 0;
    for (int v = 0; v < vectors; v++) best[v] = vec_load(x + v * VW), where[v] = (veci){0};
    for (int64_t d = 0; d < t->count[AXIS_D]; d++)
        for (int64_t h = 0; h < t->count[AXIS_H]; h++)
            for (int64_t w = 0; w < t->count[AXIS_W]; w++, position++) {
                const float *tap = x + d * t->step[AXIS_D] + h * t->step[AXIS_H] + w * t->step[AXIS_W];
                for (int v = 0; v < vectors; v++) {
                    vec value = vec_load(tap + v * VW);
                    veci better = (value > best[v]) | (value != value);
                    best[v] = vec_select(better, value, best[v]);
                    where[v] = (better & (position - (veci){0})) | (~better & where[v]);
                }
            }
    for (int v = 0; v < vectors; v++) {
        vec_store(y + v * VW, best[v]);
        maxpool_store_position(arg, at + v * VW, where[v], wide);
    }
}

VEC_INLINE void maxpool_window(const struct pool_taps *t, int64_t lanes, const float *x, float *y, void *arg,
                               int64_t at, const bool wide)
{
    int64_t n = 0;
    for (; n + BLOCK * VW <= lanes; n += BLOCK * VW)
        maxpool_vectors(t, BLOCK, x + n, y + n, arg, at + n, wide);
    for (; n < lanes; n += VW) maxpool_vectors(t, 1, x + n, y + n, arg, at + n, wide);
}

/* All windows. `kernel` is that of windows of which none is cut, known to the compiler, or NULL. */
VEC_INLINE void maxpool_windows(const struct pool *p, const int64_t *kernel, const float *x, float *y,
                                void *arg, const bool wide)
{
    const struct window *all = &p->window;
    int64_t at = 0;
    for (int64_t c = 0; c < all->in.c; c++, x += shape_positions(all->in) * all->lanes)
        for (int64_t d = 0; d < all->out.d[AXIS_D]; d++)
            for (int64_t h = 0; h < all->out.d[AXIS_H]; h++)
                for (int64_t w = 0; w < all->out.d[AXIS_W]; w++, at += all->lanes) {
                    struct pool_window one =
                        kernel ? pool_regular_window(p, kernel, d, h, w) : pool_window(p, d, h, w);
                    maxpool_window(&one.taps, all->lanes, x + one.first, y + at, arg, at, wide);
                }
}

/* The sizes of windows that are worth loops of their own. */
static bool maxpool_has_kernel(const struct pool *p, int64_t d, int64_t h, int64_t w)
{
    const int64_t *kernel = p->window.kernel;
    return kernel[AXIS_D] == d && kernel[AXIS_H] == h && kernel[AXIS_W] == w && pool_is_regular(p);
}

void LEVEL(maxpool_forward)(const struct pool *p, const float *x, float *y, void *arg)
{
    for (int axis = 0; axis < SHAPE_AXES; axis++) assert(pool_is_never_empty(p, axis));
    if (pool_position_bytes(p) != 1)
        maxpool_windows(p, NULL, x, y, arg, true);
    else if (maxpool_has_kernel(p, 1, 1, 2))
        maxpool_windows(p, (const int64_t[]){1, 1, 2}, x, y, arg, false);
    else if (maxpool_has_kernel(p, 1, 2, 2))
        maxpool_windows(p, (const int64_t[]){1, 2, 2}, x, y, arg, false);
    else if (maxpool_has_kernel(p, 1, 3, 3))
        maxpool_windows(p, (const int64_t[]){1, 3, 3}, x, y, arg, false);
    else if (maxpool_has_kernel(p, 2, 2, 2))
        maxpool_windows(p, (const int64_t[]){2, 2, 2}, x, y, arg, false);
    else
        maxpool_windows(p, NULL, x, y, arg, false);
}

/* The gradient goes to the element that was the maximum; the others get zero, or nothing where it is added. */
VEC_INLINE void maxpool_vectors_backward(const struct pool_taps *t, const int vectors, const float *dy,
                                         float *dx, const void *arg, int64_t at, const bool wide,
                                         const bool add)
{
    vec gradient[BLOCK];
    veci where[BLOCK];
    int32_t position = 0;
    for (int v = 0; v < vectors; v++) {
        where[v] = maxpool_load_position(arg, at + v * VW, wide);
        gradient[v] = vec_load(dy + v * VW);
    }
    for (int64_t d = 0; d < t->count[AXIS_D]; d++)
        for (int64_t h = 0; h < t->count[AXIS_H]; h++)
            for (int64_t w = 0; w < t->count[AXIS_W]; w++, position++) {
                float *tap = dx + d * t->step[AXIS_D] + h * t->step[AXIS_H] + w * t->step[AXIS_W];
                for (int v = 0; v < vectors; v++) {
                    vec share = vec_select(where[v] == position, gradient[v], (vec){0});
                    if (add) share += vec_load(tap + v * VW);
                    vec_store(tap + v * VW, share);
                }
            }
}

VEC_INLINE void maxpool_windows_backward(const struct pool *p, const int64_t *kernel, const void *arg,
                                         const float *dy, float *dx, const bool wide, const bool add)
{
    const struct window *all = &p->window;
    int64_t at = 0, n;
    for (int64_t c = 0; c < all->in.c; c++, dx += shape_positions(all->in) * all->lanes)
        for (int64_t d = 0; d < all->out.d[AXIS_D]; d++)
            for (int64_t h = 0; h < all->out.d[AXIS_H]; h++)
                for (int64_t w = 0; w < all->out.d[AXIS_W]; w++, at += all->lanes) {
                    struct pool_window one =
                        kernel ? pool_regular_window(p, kernel, d, h, w) : pool_window(p, d, h, w);
                    float *to = dx + one.first;
                    for (n = 0; n + BLOCK * VW <= all->lanes; n += BLOCK * VW)
                        maxpool_vectors_backward(&one.taps, BLOCK, dy + at + n, to + n, arg, at + n, wide,
                                                 add);
                    for (; n < all->lanes; n += VW)
                        maxpool_vectors_backward(&one.taps, 1, dy + at + n, to + n, arg, at + n, wide, add);
                }
}

void LEVEL(maxpool_backward)(const struct pool *p, const void *arg, const float *dy, float *dx)
{
    bool wide = pool_position_bytes(p) != 1, tiles = pool_tiles(p);
    if (!tiles) memset(dx, 0, (size_t)(shape_features(p->window.in) * p->window.lanes) * sizeof *dx);
    if (!wide && tiles && maxpool_has_kernel(p, 1, 2, 2))
        maxpool_windows_backward(p, (const int64_t[]){1, 2, 2}, arg, dy, dx, false, false);
    else if (!wide && tiles && maxpool_has_kernel(p, 2, 2, 2))
        maxpool_windows_backward(p, (const int64_t[]){2, 2, 2}, arg, dy, dx, false, false);
    else if (wide)
        maxpool_windows_backward(p, NULL, arg, dy, dx, true, !tiles);
    else
        maxpool_windows_backward(p, NULL, arg, dy, dx, false, !tiles);
}
