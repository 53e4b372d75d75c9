/* panel_runs.c - the register tiles of panel_runs.h. */
#include "math/vec/conv/panel_runs.h"

VEC_INLINE void panel_multiply_rows_of(const int M, const int J, const struct panel_runs *t,
                                       const struct panel_row *row)
{
    vec sum[12][PANEL_RUNS_J];
    VEC_EACH (m, M)
        VEC_EACH (j, J) sum[m][j] = (vec){0};
    for (const struct panel_run *run = t->run; run < t->run + t->runs; run++) {
        const float *from[12], *turned = t->turned + run->column * PANEL_RUNS_WIDTH;
        VEC_EACH (m, M) from[m] = t->panel + row[m].from + run->from;
        for (int64_t k = 0; k < run->count; k++, turned += PANEL_RUNS_WIDTH) {
            vec channel[PANEL_RUNS_J];
            VEC_EACH (j, J) channel[j] = vec_load(turned + j * VW);
            VEC_EACH (m, M) {
                vec value = vec_all(from[m][k]);
                VEC_EACH (j, J) sum[m][j] += value * channel[j];
            }
        }
    }
    VEC_EACH (m, M)
        VEC_EACH (j, J) {
            float *to = t->sums + row[m].to + j * VW;
            int64_t count = t->channels - j * VW;
            vec_store_some(to, count, (t->fresh ? (vec){0} : vec_load_some(to, count)) + sum[m][j]);
        }
}

#if VEC_REGISTERS == 32
#define TILES(X)                                                                                             \
    X(12, 1)                                                                                                 \
    X(8, 1)                                                                                                  \
    X(4, 1) X(1, 1) X(12, 2) X(8, 2) X(4, 2) X(1, 2) X(8, 3) X(4, 3) X(1, 3) X(6, 4) X(4, 4) X(2, 4) X(1, 4)
#else
#define TILES(X) X(6, 1) X(4, 1) X(2, 1) X(1, 1) X(6, 2) X(4, 2) X(2, 2) X(1, 2)
#endif
#define TILE(M, J)                                                                                           \
    static __attribute__((noinline)) void panel_tile_##M##_##J(const struct panel_runs *t,                   \
                                                               const struct panel_row *row)                  \
    {                                                                                                        \
        panel_multiply_rows_of(M, J, t, row);                                                                \
    }
TILES(TILE)
#undef TILE

void LEVEL(panel_multiply_runs)(int64_t registers, const struct panel_runs *t)
{
    const struct panel_row *row = t->row, *end = row + t->rows;
#define TILE(M, J)                                                                                           \
    for (; registers == (J) && end - row >= (M); row += (M)) panel_tile_##M##_##J(t, row);
    TILES(TILE)
#undef TILE
}
