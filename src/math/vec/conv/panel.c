/* panel.c - the register tiles of panel.h. */
#include "math/vec/conv/panel.h"

#if VEC_REGISTERS == 32
#define PANEL_TILES(X) X(1, 12) X(2, 12) X(3, 8) /* registers of channels, rows */
#define PANEL_MAX_J    4
#define PANEL_MAX_M    6
#else
#define PANEL_TILES(X) X(1, 6)
#define PANEL_MAX_J    2
#define PANEL_MAX_M    6
#endif

VEC_INLINE void panel_multiply_tile(const int M, const int J, int64_t width, int64_t columns,
                                    const float *row, const float *transposed, float *sums)
{
    vec sum[12][PANEL_MAX_J];
    VEC_EACH (m, M)
        VEC_EACH (j, J) sum[m][j] = (vec){0};
    for (int64_t k = 0; k < columns; k++, transposed += width) {
        vec channel[PANEL_MAX_J];
        VEC_EACH (j, J) channel[j] = vec_load(transposed + j * VW);
        VEC_EACH (m, M) {
            vec value = vec_all(row[m * PANEL_ROW + k]);
            VEC_EACH (j, J) sum[m][j] += value * channel[j];
        }
    }
    VEC_EACH (m, M)
        VEC_EACH (j, J) {
            float *to = sums + m * width + j * VW;
            vec_store(to, vec_load(to) + sum[m][j]);
        }
}

/* All rows over J registers of channels: tiles of M rows, then what is left. */
VEC_INLINE void panel_multiply_rows(const int M, const int J, int64_t rows, int64_t width, int64_t columns,
                                    const float *row, const float *transposed, float *sums)
{
    int64_t i = 0;
#define TILE(m)                                                                                              \
    for (; i + (m) <= rows; i += (m))                                                                        \
        panel_multiply_tile(m, J, width, columns, row + i * PANEL_ROW, transposed, sums + i * width);
    TILE(M)
    TILE(4)
    TILE(2)
    TILE(1)
#undef TILE
}

void LEVEL(panel_product)(int64_t rows, int64_t channels, int64_t width, int64_t columns, const float *row,
                          const float *transposed, float *sums)
{
    for (int64_t registers = (channels + VW - 1) / VW; registers > 0; registers -= PANEL_MAX_J) {
        switch (registers) {
#define CASE(J, M)                                                                                           \
    case J:                                                                                                  \
        panel_multiply_rows(M, J, rows, width, columns, row, transposed, sums);                              \
        break;
            PANEL_TILES(CASE)
#undef CASE
        default:
            panel_multiply_rows(PANEL_MAX_M, PANEL_MAX_J, rows, width, columns, row, transposed, sums);
        }
        transposed += PANEL_MAX_J * VW;
        sums += PANEL_MAX_J * VW;
    }
}
