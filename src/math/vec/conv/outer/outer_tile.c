/* outer_tile.c - the register tiles of outer_tile.h. */
#include "math/vec/conv/outer/outer_tile.h"

/* sums [m][t][16] += the products of M channels and T taps. */
VEC_INLINE void outer_multiply_tile(const int M, const int T, const struct outer_tile *o, const int64_t *tap,
                                    float *sums)
{
    vec sum[OUTER_TILE_M][OUTER_TILE_T][VEC_PARTS];
#define EACH(statement)                                                                                      \
    VEC_EACH (m, M)                                                                                          \
        VEC_EACH (t, T)                                                                                      \
            VEC_EACH (p, VEC_PARTS) statement

    EACH(sum[m][t][p] = (vec){0};)
    for (int64_t column = 0; column < o->columns; column++) {
        const float *x = o->x + o->x_column[column], *dy = o->dy + o->dy_column[column];
        VEC_EACH (p, VEC_PARTS) { /* one by one: so one register is enough for the gradients */
            vec seen[OUTER_TILE_T];
            VEC_EACH (t, T) seen[t] = vec_load_any(x + tap[t] + p * VW);
            VEC_EACH (m, M) {
                vec slope = vec_load_any(dy + m * o->plane + p * VW);
                VEC_EACH (t, T) sum[m][t][p] += slope * seen[t];
            }
        }
    }
    EACH({
        float *to = sums + (m * o->depth + t) * 16 + p * VW;
        if (!o->fresh) sum[m][t][p] += vec_load(to);
        vec_store(to, sum[m][t][p]);
    })
#undef EACH
}

/* All taps of M channels. */
VEC_INLINE void outer_multiply_taps(const int M, const struct outer_tile *o, float *sums)
{
    int64_t k = 0;
    for (; k + OUTER_TILE_T <= o->depth; k += OUTER_TILE_T)
        outer_multiply_tile(M, OUTER_TILE_T, o, o->tap + k, sums + k * 16);
    for (; k < o->depth; k++) outer_multiply_tile(M, 1, o, o->tap + k, sums + k * 16);
}

void LEVEL(outer_multiply)(int channels, const struct outer_tile *t, float *sums)
{
    if (channels == OUTER_TILE_M)
        outer_multiply_taps(OUTER_TILE_M, t, sums);
    else if (channels == 2)
        outer_multiply_taps(2, t, sums);
    else
        outer_multiply_taps(1, t, sums);
}
