#include "math/vec_tile.h"

VEC_INLINE void tile_product(const int M, const int J, const struct tile *t)
{
    vec sum[TILE_MAX_M][TILE_MAX_J];
#pragma GCC unroll 12
    for (int m = 0; m < M; m++)
#pragma GCC unroll 4
        for (int j = 0; j < J; j++) sum[m][j] = vec_all(t->bias && m < t->rows ? t->bias[m] : 0);

    const float *a = t->a;
    for (int64_t k = 0; k < t->depth; k++, a += M) {
        const float *b = t->b + t->b_offset[k];
        vec column[TILE_MAX_J];
#pragma GCC unroll 4
        for (int j = 0; j < J; j++) column[j] = vec_load(b + j * VW);
#pragma GCC unroll 12
        for (int m = 0; m < M; m++) {
            vec weight = vec_all(a[m]);
#pragma GCC unroll 4
            for (int j = 0; j < J; j++) sum[m][j] += weight * column[j];
        }
    }

#pragma GCC unroll 12
    for (int m = 0; m < M; m++) {
        if (m >= t->rows) break;
        float *c = t->c + t->c_offset[m];
#pragma GCC unroll 4
        for (int j = 0; j < J; j++) {
            if (t->add) sum[m][j] += vec_load(c + j * VW);
            vec_store(c + j * VW, sum[m][j]);
        }
    }
}

struct tile_shape LEVEL(tile_shape_for)(int64_t rows)
{
#define SHAPE_ENTRY(M, J) {M, J},
    static const struct tile_shape shapes[] = {TILE_SHAPES(SHAPE_ENTRY)};
#undef SHAPE_ENTRY
    struct tile_shape best = shapes[0];
    for (size_t i = 1; i < sizeof shapes / sizeof shapes[0]; i++) {
        int64_t padded = (rows + shapes[i].m - 1) / shapes[i].m * shapes[i].m;
        if (padded < (rows + best.m - 1) / best.m * best.m) best = shapes[i];
    }
    return best;
}

void LEVEL(tile_run)(int m, int64_t registers, const struct tile *t)
{
#define CASE(M, J)                                                                                           \
    if (m == (M)) {                                                                                          \
        if (registers == (J))                                                                                \
            tile_product(M, J, t);                                                                           \
        else if ((J) > 3 && registers == 3)                                                                  \
            tile_product(M, 3, t);                                                                           \
        else if ((J) > 2 && registers == 2)                                                                  \
            tile_product(M, 2, t);                                                                           \
        else                                                                                                 \
            tile_product(M, 1, t);                                                                           \
        return;                                                                                              \
    }
    TILE_SHAPES(CASE)
#undef CASE
}
