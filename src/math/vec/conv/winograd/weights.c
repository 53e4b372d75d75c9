/* weights.c - the transformed weights of weights.h. */
#include "math/vec/conv/winograd/weights.h"

#include "math/vec/transpose.h"

#define TAPS 9

/* One point of G g Gt along one axis: g0, (g0 + g1 + g2) / 2, (g0 - g1 + g2) / 2, g2. */
VEC_INLINE vec winograd_filter_point(int point, vec g0, vec g1, vec g2)
{
    if (point == 1) return (g0 + g1 + g2) * 0.5f;
    if (point == 2) return (g0 - g1 + g2) * 0.5f;
    return point ? g2 : g0;
}

/* g[k][i] = from[i][k]: by registers, since what is stored one by one is not soon read as a whole. */
VEC_INLINE void winograd_gather_taps(const float *const from[VW], vec g[TAPS])
{
    VEC_UNROLL
    for (int k = 0; k + 1 < TAPS; k += VW) {
        vecu block[VW];
        VEC_EACH (i, VW)
            block[i] = (vecu)(VW > TAPS ? vec_load_part(from[i], TAPS) : vec_load_any(from[i] + k));
        vec_transpose_block(block);
        VEC_EACH (i, VW < TAPS ? VW : TAPS) g[k + i] = (vec)block[i];
    }
    if (TAPS % VW != 1) return;
    vec last = {0};
    VEC_EACH (i, VW) last[i] = from[i][TAPS - 1];
    g[TAPS - 1] = last;
}

/* Transforms the taps to 16 points, `point` floats apart. */
VEC_INLINE void winograd_filter(const vec g[TAPS], const bool mirrored, int64_t point, float *to)
{
    const int first = mirrored ? TAPS - 1 : 0, step = mirrored ? -1 : 1;
    VEC_EACH (y, 4) {
        vec row[3];
        VEC_EACH (x, 3)
            row[x] = winograd_filter_point(y, g[first + step * x], g[first + step * (3 + x)],
                                           g[first + step * (6 + x)]);
        VEC_EACH (x, 4)
            vec_store_any(to + (4 * y + x) * point, winograd_filter_point(x, row[0], row[1], row[2]));
    }
}

/* VW weights of u at once, which are those of several terms where m is no multiple. Whole registers are stored: the
 * excess is overwritten by the next channels, or lies in the gap after each point. */
void LEVEL(winograd_transform_weights)(const struct window *c, const struct winograd_weights *w, int64_t oc,
                                       int64_t m, int64_t point, float *u)
{
    static const float zeros[TAPS];
    int64_t taps = c->kernel[AXIS_D], count = winograd_terms(c) * m, rows = c->out.c - oc, row = 0, tap = 0;
    const float *term = w->first + oc * w->oc - (w->tap < 0 ? TAPS - 1 : 0);
    for (int64_t k = 0; k < count; k += VW) {
        const float *from[VW];
        vec g[TAPS];
        for (int i = 0; i < VW; i++) {
            from[i] = row < rows && k + i < count ? term + row * w->oc : zeros;
            if (++row < m) continue;
            row = 0;
            if (++tap < taps)
                term += w->depth;
            else
                tap = 0, term += w->ic - (taps - 1) * w->depth;
        }
        winograd_gather_taps(from, g);
        if (w->tap < 0)
            winograd_filter(g, true, point, u + k);
        else
            winograd_filter(g, false, point, u + k);
    }
}
