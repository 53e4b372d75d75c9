/* weights.c - the transformed weights of weights.h. */
#include "math/vec/conv/winograd/weights.h"

/* One point of G g Gt along one axis: g0, (g0 + g1 + g2) / 2, (g0 - g1 + g2) / 2, g2. */
VEC_INLINE vec winograd_filter_point(int point, vec g0, vec g1, vec g2)
{
    if (point == 1) return (g0 + g1 + g2) * 0.5f;
    if (point == 2) return (g0 - g1 + g2) * 0.5f;
    return point ? g2 : g0;
}

/* VW output channels at once. Whole registers are stored: the excess is overwritten by the next term, or lies in the
 * gap after each point. */
void LEVEL(winograd_transform_weights)(const struct window *c, const struct winograd_weights *w, int64_t oc,
                                       int64_t m, int64_t point, float *u)
{
    int64_t taps = c->kernel[AXIS_D], terms = winograd_terms(c);
    for (int64_t s = 0; s < terms; s++, u += m)
        for (int64_t part = 0; part < m; part += VW) {
            float g[9][VW] __attribute__((aligned(64))) = {0}, *to = u + part;
            int64_t rows = m - part < VW ? m - part : VW, left = c->out.c - oc - part;
            const float *from = w->first + (oc + part) * w->oc + s / taps * w->ic + s % taps * w->depth;
            for (int64_t i = 0; i < rows && i < left; i++)
                for (int k = 0; k < 9; k++) g[k][i] = from[i * w->oc + k * w->tap];
            for (int y = 0; y < 4; y++) {
                vec row[3];
                for (int x = 0; x < 3; x++)
                    row[x] = winograd_filter_point(y, vec_load(g[x]), vec_load(g[3 + x]), vec_load(g[6 + x]));
                for (int x = 0; x < 4; x++, to += point)
                    vec_store_any(to, winograd_filter_point(x, row[0], row[1], row[2]));
            }
        }
}
