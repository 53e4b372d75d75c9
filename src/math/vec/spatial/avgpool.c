/* avgpool.c - the mean of windows. */
#include "math/vec/spatial/pool.h"

#define BLOCK 4 /* vectors that are gone over together where there are as many lanes */

/* Sums of larger windows are added in parts, which keeps their rounding errors small. */
#define SMALL_WINDOW 256
#define PART         64

static float avgpool_share(const struct pool *p, int64_t counted)
{
    return 1.0f / (float)(p->divisor ? p->divisor : counted);
}

VEC_INLINE void avgpool_vectors(const struct pool_taps *t, const int vectors, bool small, float share,
                                const float *x, float *y)
{
    vec sum[BLOCK], total[BLOCK];
    int64_t taps = 0;
    for (int v = 0; v < vectors; v++) sum[v] = total[v] = (vec){0};
    for (int64_t d = 0; d < t->count[AXIS_D]; d++)
        for (int64_t h = 0; h < t->count[AXIS_H]; h++)
            for (int64_t w = 0; w < t->count[AXIS_W]; w++) {
                const float *tap = x + d * t->step[AXIS_D] + h * t->step[AXIS_H] + w * t->step[AXIS_W];
                for (int v = 0; v < vectors; v++) sum[v] += vec_load(tap + v * VW);
                if (small || ++taps % PART != 0) continue;
                for (int v = 0; v < vectors; v++) total[v] += sum[v], sum[v] = (vec){0};
            }
    for (int v = 0; v < vectors; v++)
        vec_store(y + v * VW, (small ? sum[v] : (vec)(total[v] + sum[v])) * share);
}

void LEVEL(avgpool_forward)(const struct pool *p, const float *x, float *y)
{
    const struct window *all = &p->window;
    for (int64_t c = 0; c < all->in.c; c++, x += shape_positions(all->in) * all->lanes)
        for (int64_t d = 0; d < all->out.d[AXIS_D]; d++)
            for (int64_t h = 0; h < all->out.d[AXIS_H]; h++)
                for (int64_t w = 0; w < all->out.d[AXIS_W]; w++, y += all->lanes) {
                    struct pool_window one = pool_window(p, d, h, w);
                    const int64_t *count = one.taps.count;
                    bool small = count[AXIS_D] * count[AXIS_H] * count[AXIS_W] <= SMALL_WINDOW;
                    float share = avgpool_share(p, one.counted);
                    int64_t n = 0;
                    for (; n + BLOCK * VW <= all->lanes; n += BLOCK * VW)
                        avgpool_vectors(&one.taps, BLOCK, small, share, x + one.first + n, y + n);
                    for (; n < all->lanes; n += VW)
                        avgpool_vectors(&one.taps, 1, small, share, x + one.first + n, y + n);
                }
}

VEC_INLINE void avgpool_window_backward(const struct pool_taps *t, int64_t lanes, float share,
                                        const float *dy, float *dx, const bool add)
{
    for (int64_t d = 0; d < t->count[AXIS_D]; d++)
        for (int64_t h = 0; h < t->count[AXIS_H]; h++)
            for (int64_t w = 0; w < t->count[AXIS_W]; w++) {
                float *tap = dx + d * t->step[AXIS_D] + h * t->step[AXIS_H] + w * t->step[AXIS_W];
                for (int64_t n = 0; n < lanes; n += VW)
                    vec_store(tap + n, vec_load(dy + n) * share + (add ? vec_load(tap + n) : vec_all(0)));
            }
}

VEC_INLINE void avgpool_windows_backward(const struct pool *p, const float *dy, float *dx, const bool add)
{
    const struct window *all = &p->window;
    for (int64_t c = 0; c < all->in.c; c++, dx += shape_positions(all->in) * all->lanes)
        for (int64_t d = 0; d < all->out.d[AXIS_D]; d++)
            for (int64_t h = 0; h < all->out.d[AXIS_H]; h++)
                for (int64_t w = 0; w < all->out.d[AXIS_W]; w++, dy += all->lanes) {
                    struct pool_window one = pool_window(p, d, h, w);
                    float share = avgpool_share(p, one.counted);
                    avgpool_window_backward(&one.taps, all->lanes, share, dy, dx + one.first, add);
                }
}

void LEVEL(avgpool_backward)(const struct pool *p, const float *dy, float *dx)
{
    if (pool_tiles(p)) {
        avgpool_windows_backward(p, dy, dx, false);
        return;
    }
    memset(dx, 0, (size_t)(shape_features(p->window.in) * p->window.lanes) * sizeof *dx);
    avgpool_windows_backward(p, dy, dx, true);
}
