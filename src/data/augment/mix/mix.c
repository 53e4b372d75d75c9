/* mix.c - what kinds share that mix each sample with the one before it in its virtual rank's slice. */
#include <math.h>
#include <string.h>

#include "data/augment/augment.h"
#include "math/loop.h"

#define ATTEMPTS 1000 /* to draw a share: each succeeds with a probability of at least 1 in 70 */

struct rng_words augment_mix_draw(const struct augment_mix *m, int64_t lane, uint32_t draw)
{
    return rng_words(m->seed, RNG_AUGMENT, augment_counter(m->epoch, m->step, draw), (uint64_t)m->keys[lane]);
}

/* Joehnk, "Erzeugung von betaverteilten und gammaverteilten Zufallszahlen", Metrika 8 (1964). */
double augment_draw_beta(const struct augment_mix *m, int64_t lane, double alpha)
{
    for (uint32_t draw = 1; draw <= ATTEMPTS; draw++) {
        struct rng_words w = augment_mix_draw(m, lane, draw);
        double x = pow(((double)w.v[0] + 0.5) * 0x1p-32, 1 / alpha);
        double y = pow(((double)w.v[1] + 0.5) * 0x1p-32, 1 / alpha);
        if (x + y > 0 && x + y <= 1) return x / (x + y);
    }
    return 0.5;
}

/* The samples before, as a row beside the row x. */
LOOP_BODY void mix_take_others(int64_t live, const float *x, float *other)
{
    other[0] = x[live - 1];
    for (int64_t i = 1; i < live; i++) other[i] = x[i - 1];
}

LOOP_BODY void blend_body(const struct augment_mix *m, int64_t rows, float *x)
{
    for (int64_t r = 0; r < rows; r++, x += m->rows.stride) {
        mix_take_others(m->live, x, m->other);
        for (int64_t i = 0; i < m->live; i++) x[i] = x[i] * m->share[i] + m->other[i] * (1 - m->share[i]);
    }
}
LOOP_VERSIONS(blend, (const struct augment_mix *m, int64_t rows, float *x), (m, rows, x))

void augment_blend(const struct augment_mix *m, int64_t rows, float *x)
{
    blend[m->kernels->number](m, rows, x);
}

/* Row of place (d, h, w), of floats or integers: the box of lane i has first places box[0..2][lanes] and ends
 * box[3..5][lanes]. */
LOOP_BODY void paste_body(const struct augment_mix *m, int32_t d, int32_t h, int32_t w, uint32_t *x)
{
    const int32_t *b = m->box;
    int64_t n = m->lanes;
    uint32_t *other = (uint32_t *)m->other;
    other[0] = x[m->live - 1];
    for (int64_t i = 1; i < m->live; i++) other[i] = x[i - 1];
    for (int64_t i = 0; i < m->live; i++) {
        int32_t inside = (d >= b[i]) & (h >= b[n + i]) & (w >= b[2 * n + i]) & (d < b[3 * n + i]) &
                         (h < b[4 * n + i]) & (w < b[5 * n + i]);
        x[i] = inside ? other[i] : x[i];
    }
}
LOOP_VERSIONS(paste, (const struct augment_mix *m, int32_t d, int32_t h, int32_t w, uint32_t *x),
              (m, d, h, w, x))

void augment_paste(const struct augment_mix *m, int64_t channels, void *rows)
{
    const int64_t *n = m->shape.d;
    uint32_t *x = rows;
    for (int64_t c = 0; c < channels; c++)
        for (int32_t d = 0; d < n[AXIS_D]; d++)
            for (int32_t h = 0; h < n[AXIS_H]; h++)
                for (int32_t w = 0; w < n[AXIS_W]; w++, x += m->rows.stride)
                    paste[m->kernels->number](m, d, h, w, x);
}
