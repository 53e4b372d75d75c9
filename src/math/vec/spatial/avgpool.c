/* avgpool.c - the mean of windows. */
#include "math/vec/spatial/pool.h"

#define BLOCK 4 /* vectors that are gone over together where there are as many */

/* Sums of larger windows are added in parts, which keeps their rounding errors
 * small. */
#define SMALL_WINDOW 256
#define PART         64

/* Outputs that lie side by side, in windows of the same elements, and how their
 * inputs lie. */
struct avgpool_run {
    const struct pool_taps *taps;
    const struct spread *spread;
    int64_t floats;
    bool small;
    float share; /* of an element in the mean */
};

static struct avgpool_run avgpool_run_of(const struct pool *p, const struct pool_window *w,
                                         const struct pool_rows *rows, int64_t together)
{
    const int64_t *count = w->taps.count;
    return (struct avgpool_run){.taps = &w->taps,
                                .spread = &rows->spread,
                                .floats = together * p->window.lanes,
                                .small = count[AXIS_D] * count[AXIS_H] * count[AXIS_W] <= SMALL_WINDOW,
                                .share = 1.0f / (float)(p->divisor ? p->divisor : w->counted)};
}

VEC_INLINE void avgpool_vectors(const struct avgpool_run *r, const enum spread_form form, const int vectors,
                                const bool cut, int64_t count, const float *x, float *y)
{
    const struct pool_taps *t = r->taps;
    int64_t next = VW * spread_stride(form, r->spread);
    vec sum[BLOCK], total[BLOCK];
    int64_t taps = 0;
    for (int v = 0; v < vectors; v++) sum[v] = total[v] = (vec){0};
    for (int64_t d = 0; d < t->count[AXIS_D]; d++)
        for (int64_t h = 0; h < t->count[AXIS_H]; h++)
            for (int64_t w = 0; w < t->count[AXIS_W]; w++) {
                const float *tap = x + d * t->step[AXIS_D] + h * t->step[AXIS_H] + w * t->step[AXIS_W];
                for (int v = 0; v < vectors; v++)
                    sum[v] += spread_load(form, r->spread, cut, count, tap + v * next);
                if (r->small || ++taps % PART != 0) continue;
                for (int v = 0; v < vectors; v++) total[v] += sum[v], sum[v] = (vec){0};
            }
    for (int v = 0; v < vectors; v++)
        spread_store(SPREAD_NEAR, NULL, cut, count, y + v * VW,
                     (r->small ? sum[v] : (vec)(total[v] + sum[v])) * r->share);
}

VEC_INLINE void avgpool_run(const struct avgpool_run *r, const enum spread_form form, const float *x,
                            float *y)
{
    int64_t n = 0, step = spread_stride(form, r->spread);
    for (; spread_is_near(form) && n + BLOCK * VW <= r->floats; n += BLOCK * VW)
        avgpool_vectors(r, form, BLOCK, false, VW, x + n, y + n);
    for (; n + VW <= r->floats; n += VW) avgpool_vectors(r, form, 1, false, VW, x + n * step, y + n);
    if (form != SPREAD_WHOLE && n < r->floats)
        avgpool_vectors(r, form, 1, true, r->floats - n, x + n * step, y + n);
}

VEC_INLINE void avgpool_windows(const struct pool *p, const struct pool_rows *rows,
                                const enum spread_form form, const float *x, float *y)
{
    const struct window *all = &p->window;
    int64_t together;
    for (int64_t c = 0; c < all->in.c; c++, x += shape_positions(all->in) * all->lanes)
        for (int64_t d = 0; d < all->out.d[AXIS_D]; d++)
            for (int64_t h = 0; h < all->out.d[AXIS_H]; h++)
                for (int64_t w = 0; w < all->out.d[AXIS_W]; w += together) {
                    struct pool_window one = pool_any_window(p, rows->regular, d, h, w);
                    together = pool_together(rows, form, w);
                    struct avgpool_run run = avgpool_run_of(p, &one, rows, together);
                    if (form == SPREAD_WHOLE || together > 1)
                        avgpool_run(&run, form, x + one.first, y);
                    else
                        avgpool_run(&run, SPREAD_NEAR, x + one.first, y);
                    y += run.floats;
                }
}

void LEVEL(avgpool_forward)(const struct pool *p, const float *x, float *y)
{
    struct pool_rows rows = pool_rows(p);
    if (rows.form == SPREAD_WHOLE)
        avgpool_windows(p, &rows, SPREAD_WHOLE, x, y);
    else if (rows.form == SPREAD_NEAR)
        avgpool_windows(p, &rows, SPREAD_NEAR, x, y);
    else if (rows.form == SPREAD_SECOND)
        avgpool_windows(p, &rows, SPREAD_SECOND, x, y);
    else
        avgpool_windows(p, &rows, SPREAD_FAR, x, y);
}

/* One vector of outputs; the elements of a window that one tap is. */
VEC_INLINE void avgpool_spread(const struct avgpool_run *r, const enum spread_form form, const bool cut,
                               int64_t count, const float *dy, float *tap, const bool add)
{
    vec old = add ? spread_load(form, r->spread, cut, count, tap) : vec_all(0);
    vec gradient = spread_load(SPREAD_NEAR, NULL, cut, count, dy);
    spread_store(form, r->spread, cut, count, tap, gradient * r->share + old);
}

VEC_INLINE void avgpool_tap_backward(const struct avgpool_run *r, const enum spread_form form, int64_t first,
                                     const float *dy, float *tap, const bool add)
{
    int64_t n = first, step = spread_stride(form, r->spread);
    for (; n + VW <= r->floats; n += VW) avgpool_spread(r, form, false, VW, dy + n, tap + n * step, add);
    if (form != SPREAD_WHOLE && n < r->floats)
        avgpool_spread(r, form, true, r->floats - n, dy + n, tap + n * step, add);
}

/* Both elements of a row, in windows that tile the input. Returns how many
 * floats of the run are done. */
VEC_INLINE int64_t avgpool_pair_backward(const struct avgpool_run *r, const float *dy, float *dx)
{
    int64_t n = 0;
    for (; n + VW <= r->floats; n += VW) {
        vec share = vec_load_any(dy + n) * r->share + vec_all(0);
        vec_store_any(dx + 2 * n, vec_pick(share, share, r->spread->weave_low));
        vec_store_any(dx + 2 * n + VW, vec_pick(share, share, r->spread->weave_high));
    }
    return n;
}

/* An element of several windows of a row gets the shares in order: those of its
 * last tap come first. */
VEC_INLINE void avgpool_run_backward(const struct avgpool_run *r, const enum spread_form form,
                                     const float *dy, float *dx, const bool add)
{
    const struct pool_taps *t = r->taps;
    for (int64_t d = 0; d < t->count[AXIS_D]; d++)
        for (int64_t h = 0; h < t->count[AXIS_H]; h++) {
            float *to = dx + d * t->step[AXIS_D] + h * t->step[AXIS_H];
            int64_t done = form == SPREAD_SECOND && !add ? avgpool_pair_backward(r, dy, to) : 0;
            for (int64_t w = t->count[AXIS_W] - 1; w >= 0; w--)
                avgpool_tap_backward(r, form, done, dy, to + w * t->step[AXIS_W], add);
        }
}

VEC_INLINE void avgpool_windows_backward(const struct pool *p, const struct pool_rows *rows,
                                         const enum spread_form form, const float *dy, float *dx,
                                         const bool add)
{
    const struct window *all = &p->window;
    int64_t together;
    for (int64_t c = 0; c < all->in.c; c++, dx += shape_positions(all->in) * all->lanes)
        for (int64_t d = 0; d < all->out.d[AXIS_D]; d++)
            for (int64_t h = 0; h < all->out.d[AXIS_H]; h++)
                for (int64_t w = 0; w < all->out.d[AXIS_W]; w += together) {
                    struct pool_window one = pool_any_window(p, rows->regular, d, h, w);
                    together = pool_together(rows, form, w);
                    struct avgpool_run run = avgpool_run_of(p, &one, rows, together);
                    if (form == SPREAD_WHOLE || together > 1)
                        avgpool_run_backward(&run, form, dy, dx + one.first, add);
                    else
                        avgpool_run_backward(&run, SPREAD_NEAR, dy, dx + one.first, add);
                    dy += run.floats;
                }
}

void LEVEL(avgpool_backward)(const struct pool *p, const float *dy, float *dx)
{
    struct pool_rows rows = pool_rows(p);
    bool tiles = pool_tiles(p);
    if (!tiles) memset(dx, 0, (size_t)(shape_features(p->window.in) * p->window.lanes) * sizeof *dx);
    if (rows.form == SPREAD_WHOLE && tiles)
        avgpool_windows_backward(p, &rows, SPREAD_WHOLE, dy, dx, false);
    else if (rows.form == SPREAD_WHOLE)
        avgpool_windows_backward(p, &rows, SPREAD_WHOLE, dy, dx, true);
    else if (rows.form == SPREAD_SECOND && tiles)
        avgpool_windows_backward(p, &rows, SPREAD_SECOND, dy, dx, false);
    else if (rows.form == SPREAD_SECOND)
        avgpool_windows_backward(p, &rows, SPREAD_SECOND, dy, dx, true);
    else if (rows.form == SPREAD_FAR)
        avgpool_windows_backward(p, &rows, SPREAD_FAR, dy, dx, !tiles);
    else
        avgpool_windows_backward(p, &rows, SPREAD_NEAR, dy, dx, !tiles);
}
