/* maxpool.c - the maximum of windows, and where in its window each is. */
#include <assert.h>

#include "math/vec/spatial/pool.h"

typedef uint8_t vecb __attribute__((vector_size(VW), may_alias, aligned(1)));

#define BLOCK 4 /* vectors that are gone over together where there are as many */

/* Positions in a window take one byte or, in windows of more than 256 elements,
 * four (`wide`). */
VEC_INLINE veci maxpool_load_position(const void *arg, int64_t at, const bool cut, int64_t count,
                                      const bool wide)
{
    if (wide) return (veci)spread_load(SPREAD_NEAR, NULL, cut, count, (const float *)arg + at);
    if (!cut) return __builtin_convertvector(*(const vecb *)((const uint8_t *)arg + at), veci);
    vecb bytes = {0};
    memcpy(&bytes, (const uint8_t *)arg + at, (size_t)count);
    return __builtin_convertvector(bytes, veci);
}

VEC_INLINE void maxpool_store_position(void *arg, int64_t at, const bool cut, int64_t count, veci where,
                                       const bool wide)
{
    if (wide) {
        spread_store(SPREAD_NEAR, NULL, cut, count, (float *)arg + at, (vec)where);
        return;
    }
    vecb bytes = __builtin_convertvector(where, vecb);
    if (cut)
        memcpy((uint8_t *)arg + at, &bytes, (size_t)count);
    else
        *(vecb *)((uint8_t *)arg + at) = bytes;
}

/* Outputs that lie side by side, in windows of the same elements, and how their
 * inputs lie. */
struct maxpool_run {
    const struct pool_taps *taps;
    const struct spread *spread;
    int64_t floats;
};

/* The first maximum in the order of the axes wins and NaN wins over all, as
 * torch.nn.MaxPool2d. Positions count the elements of the window that lie
 * inside. */
VEC_INLINE void maxpool_vectors(const struct maxpool_run *r, const enum spread_form form, const int vectors,
                                const bool cut, int64_t count, const float *x, float *y, void *arg,
                                int64_t at, const bool wide)
{
    const struct pool_taps *t = r->taps;
    int64_t next = VW * spread_stride(form, r->spread);
    vec best[BLOCK];
    veci where[BLOCK];
    int32_t position = 0;
    for (int v = 0; v < vectors; v++)
        best[v] = spread_load(form, r->spread, cut, count, x + v * next), where[v] = (veci){0};
    for (int64_t d = 0; d < t->count[AXIS_D]; d++)
        for (int64_t h = 0; h < t->count[AXIS_H]; h++)
            for (int64_t w = 0; w < t->count[AXIS_W]; w++, position++) {
                const float *tap = x + d * t->step[AXIS_D] + h * t->step[AXIS_H] + w * t->step[AXIS_W];
                for (int v = 0; v < vectors; v++) {
                    vec value = spread_load(form, r->spread, cut, count, tap + v * next);
                    veci better = (value > best[v]) | (value != value);
                    best[v] = vec_select(better, value, best[v]);
                    where[v] = (better & (position - (veci){0})) | (~better & where[v]);
                }
            }
    for (int v = 0; v < vectors; v++) {
        spread_store(SPREAD_NEAR, NULL, cut, count, y + v * VW, best[v]);
        maxpool_store_position(arg, at + v * VW, cut, count, where[v], wide);
    }
}

VEC_INLINE void maxpool_run(const struct maxpool_run *r, const enum spread_form form, const float *x,
                            float *y, void *arg, int64_t at, const bool wide)
{
    int64_t n = 0, step = spread_stride(form, r->spread);
    for (; spread_is_near(form) && n + BLOCK * VW <= r->floats; n += BLOCK * VW)
        maxpool_vectors(r, form, BLOCK, false, VW, x + n, y + n, arg, at + n, wide);
    for (; n + VW <= r->floats; n += VW)
        maxpool_vectors(r, form, 1, false, VW, x + n * step, y + n, arg, at + n, wide);
    if (form != SPREAD_WHOLE && n < r->floats)
        maxpool_vectors(r, form, 1, true, r->floats - n, x + n * step, y + n, arg, at + n, wide);
}

/* All windows. `kernel` is that of windows of which none is cut, known to the
 * compiler, or NULL. */
VEC_INLINE void maxpool_windows(const struct pool *p, const struct pool_rows *rows,
                                const enum spread_form form, const int64_t *kernel, const float *x, float *y,
                                void *arg, const bool wide)
{
    const struct window *all = &p->window;
    int64_t at = 0, together;
    for (int64_t c = 0; c < all->in.c; c++, x += shape_positions(all->in) * all->lanes)
        for (int64_t d = 0; d < all->out.d[AXIS_D]; d++)
            for (int64_t h = 0; h < all->out.d[AXIS_H]; h++)
                for (int64_t w = 0; w < all->out.d[AXIS_W]; w += together) {
                    struct pool_window one = kernel ? pool_regular_window(p, kernel, d, h, w)
                                                    : pool_any_window(p, rows && rows->regular, d, h, w);
                    together = pool_together(rows, form, w);
                    struct maxpool_run run = {&one.taps, form == SPREAD_WHOLE ? NULL : &rows->spread,
                                              together * all->lanes};
                    if (form == SPREAD_WHOLE || together > 1)
                        maxpool_run(&run, form, x + one.first, y + at, arg, at, wide);
                    else
                        maxpool_run(&run, SPREAD_NEAR, x + one.first, y + at, arg, at, wide);
                    at += run.floats;
                }
}

/* The sizes of windows that are worth loops of their own. */
static bool maxpool_has_kernel(const struct pool *p, int64_t d, int64_t h, int64_t w)
{
    const int64_t *kernel = p->window.kernel;
    return kernel[AXIS_D] == d && kernel[AXIS_H] == h && kernel[AXIS_W] == w && pool_is_regular(p);
}

/* Lanes that do not fill vectors. */
static void maxpool_rows(const struct pool *p, const float *x, float *y, void *arg)
{
    struct pool_rows rows = pool_rows(p);
    bool wide = pool_position_bytes(p) != 1;
    if (wide && rows.form == SPREAD_NEAR)
        maxpool_windows(p, &rows, SPREAD_NEAR, NULL, x, y, arg, true);
    else if (wide)
        maxpool_windows(p, &rows, SPREAD_FAR, NULL, x, y, arg, true);
    else if (rows.form == SPREAD_NEAR)
        maxpool_windows(p, &rows, SPREAD_NEAR, NULL, x, y, arg, false);
    else if (rows.form == SPREAD_SECOND)
        maxpool_windows(p, &rows, SPREAD_SECOND, NULL, x, y, arg, false);
    else
        maxpool_windows(p, &rows, SPREAD_FAR, NULL, x, y, arg, false);
}

void LEVEL(maxpool_forward)(const struct pool *p, const float *x, float *y, void *arg)
{
    for (int axis = 0; axis < SHAPE_AXES; axis++) assert(pool_is_never_empty(p, axis));
    if (p->window.lanes % VW != 0)
        maxpool_rows(p, x, y, arg);
    else if (pool_position_bytes(p) != 1)
        maxpool_windows(p, NULL, SPREAD_WHOLE, NULL, x, y, arg, true);
    else if (maxpool_has_kernel(p, 1, 1, 2))
        maxpool_windows(p, NULL, SPREAD_WHOLE, (const int64_t[]){1, 1, 2}, x, y, arg, false);
    else if (maxpool_has_kernel(p, 1, 2, 2))
        maxpool_windows(p, NULL, SPREAD_WHOLE, (const int64_t[]){1, 2, 2}, x, y, arg, false);
    else if (maxpool_has_kernel(p, 1, 3, 3))
        maxpool_windows(p, NULL, SPREAD_WHOLE, (const int64_t[]){1, 3, 3}, x, y, arg, false);
    else if (maxpool_has_kernel(p, 2, 2, 2))
        maxpool_windows(p, NULL, SPREAD_WHOLE, (const int64_t[]){2, 2, 2}, x, y, arg, false);
    else
        maxpool_windows(p, NULL, SPREAD_WHOLE, NULL, x, y, arg, false);
}

/* What of the gradients goes to the elements of a window at `position`: those
 * that were the maximum. */
VEC_INLINE vec maxpool_share(veci where, int32_t position, vec gradient)
{
    return vec_select(where == position, gradient, (vec){0});
}

/* The gradient goes to the element that was the maximum; the others get zero,
 * or nothing where it is added. An element of several windows of a row gets
 * theirs in order: those of its last tap come first. */
VEC_INLINE void maxpool_vectors_backward(const struct maxpool_run *r, const enum spread_form form,
                                         const int vectors, const bool cut, int64_t count, const float *dy,
                                         float *dx, const void *arg, int64_t at, const bool wide,
                                         const bool add)
{
    const struct pool_taps *t = r->taps;
    int64_t next = VW * spread_stride(form, r->spread);
    vec gradient[BLOCK];
    veci where[BLOCK];
    int32_t row = 0;
    for (int v = 0; v < vectors; v++) {
        where[v] = maxpool_load_position(arg, at + v * VW, cut, count, wide);
        gradient[v] = spread_load(SPREAD_NEAR, NULL, cut, count, dy + v * VW);
    }
    for (int64_t d = 0; d < t->count[AXIS_D]; d++)
        for (int64_t h = 0; h < t->count[AXIS_H]; h++, row += (int32_t)t->count[AXIS_W]) {
            float *to = dx + d * t->step[AXIS_D] + h * t->step[AXIS_H];
            if (form == SPREAD_SECOND && !cut && !add) { /* both elements of windows that tile the input */
                vec even = maxpool_share(where[0], row, gradient[0]);
                vec odd = maxpool_share(where[0], row + 1, gradient[0]);
                vec_store_any(to, vec_pick(even, odd, r->spread->weave_low));
                vec_store_any(to + VW, vec_pick(even, odd, r->spread->weave_high));
                continue;
            }
            for (int64_t w = t->count[AXIS_W] - 1; w >= 0; w--) {
                float *tap = to + w * t->step[AXIS_W];
                for (int v = 0; v < vectors; v++) {
                    vec share = maxpool_share(where[v], row + (int32_t)w, gradient[v]);
                    if (add) share += spread_load(form, r->spread, cut, count, tap + v * next);
                    spread_store(form, r->spread, cut, count, tap + v * next, share);
                }
            }
        }
}

VEC_INLINE void maxpool_run_backward(const struct maxpool_run *r, const enum spread_form form,
                                     const float *dy, float *dx, const void *arg, int64_t at, const bool wide,
                                     const bool add)
{
    int64_t n = 0, step = spread_stride(form, r->spread);
    for (; spread_is_near(form) && n + BLOCK * VW <= r->floats; n += BLOCK * VW)
        maxpool_vectors_backward(r, form, BLOCK, false, VW, dy + n, dx + n, arg, at + n, wide, add);
    for (; n + VW <= r->floats; n += VW)
        maxpool_vectors_backward(r, form, 1, false, VW, dy + n, dx + n * step, arg, at + n, wide, add);
    if (form != SPREAD_WHOLE && n < r->floats)
        maxpool_vectors_backward(r, form, 1, true, r->floats - n, dy + n, dx + n * step, arg, at + n, wide,
                                 add);
}

VEC_INLINE void maxpool_windows_backward(const struct pool *p, const struct pool_rows *rows,
                                         const enum spread_form form, const int64_t *kernel, const void *arg,
                                         const float *dy, float *dx, const bool wide, const bool add)
{
    const struct window *all = &p->window;
    int64_t at = 0, together;
    for (int64_t c = 0; c < all->in.c; c++, dx += shape_positions(all->in) * all->lanes)
        for (int64_t d = 0; d < all->out.d[AXIS_D]; d++)
            for (int64_t h = 0; h < all->out.d[AXIS_H]; h++)
                for (int64_t w = 0; w < all->out.d[AXIS_W]; w += together) {
                    struct pool_window one = kernel ? pool_regular_window(p, kernel, d, h, w)
                                                    : pool_any_window(p, rows && rows->regular, d, h, w);
                    together = pool_together(rows, form, w);
                    struct maxpool_run run = {&one.taps, form == SPREAD_WHOLE ? NULL : &rows->spread,
                                              together * all->lanes};
                    if (form == SPREAD_WHOLE || together > 1)
                        maxpool_run_backward(&run, form, dy + at, dx + one.first, arg, at, wide, add);
                    else
                        maxpool_run_backward(&run, SPREAD_NEAR, dy + at, dx + one.first, arg, at, wide, add);
                    at += run.floats;
                }
}

static void maxpool_rows_backward(const struct pool *p, const void *arg, const float *dy, float *dx,
                                  bool wide, bool tiles)
{
    struct pool_rows rows = pool_rows(p);
    if (wide && rows.form == SPREAD_NEAR)
        maxpool_windows_backward(p, &rows, SPREAD_NEAR, NULL, arg, dy, dx, true, !tiles);
    else if (wide)
        maxpool_windows_backward(p, &rows, SPREAD_FAR, NULL, arg, dy, dx, true, !tiles);
    else if (rows.form == SPREAD_NEAR)
        maxpool_windows_backward(p, &rows, SPREAD_NEAR, NULL, arg, dy, dx, false, !tiles);
    else if (rows.form == SPREAD_FAR)
        maxpool_windows_backward(p, &rows, SPREAD_FAR, NULL, arg, dy, dx, false, !tiles);
    else if (tiles)
        maxpool_windows_backward(p, &rows, SPREAD_SECOND, NULL, arg, dy, dx, false, false);
    else
        maxpool_windows_backward(p, &rows, SPREAD_SECOND, NULL, arg, dy, dx, false, true);
}

void LEVEL(maxpool_backward)(const struct pool *p, const void *arg, const float *dy, float *dx)
{
    bool wide = pool_position_bytes(p) != 1, tiles = pool_tiles(p);
    if (!tiles) memset(dx, 0, (size_t)(shape_features(p->window.in) * p->window.lanes) * sizeof *dx);
    if (p->window.lanes % VW != 0)
        maxpool_rows_backward(p, arg, dy, dx, wide, tiles);
    else if (!wide && tiles && maxpool_has_kernel(p, 1, 2, 2))
        maxpool_windows_backward(p, NULL, SPREAD_WHOLE, (const int64_t[]){1, 2, 2}, arg, dy, dx, false,
                                 false);
    else if (!wide && tiles && maxpool_has_kernel(p, 2, 2, 2))
        maxpool_windows_backward(p, NULL, SPREAD_WHOLE, (const int64_t[]){2, 2, 2}, arg, dy, dx, false,
                                 false);
    else if (wide)
        maxpool_windows_backward(p, NULL, SPREAD_WHOLE, NULL, arg, dy, dx, true, !tiles);
    else
        maxpool_windows_backward(p, NULL, SPREAD_WHOLE, NULL, arg, dy, dx, false, !tiles);
}
