/* product.c - the register tiles of product.h: those of tile.c for columns side by side, which spend nothing on where
 * a column lies or whether it is whole. With few channels that takes a quarter of the time. */
#include "math/vec/conv/winograd/product.h"

VEC_INLINE void winograd_tile(const int M, const int J, const struct winograd_product *p, int64_t row,
                              const float *b, float *result)
{
    vec sum[TILE_MAX_M][TILE_MAX_J], weight[TILE_MAX_M], column[TILE_MAX_J];
    int64_t rows = p->rows - row;
    const float *a = p->a + row * p->terms;
#pragma GCC unroll 12
    for (int m = 0; m < M; m++)
#pragma GCC unroll 8
        for (int j = 0; j < J; j++) sum[m][j] = vec_all(p->bias && m < rows ? p->bias[row + m] : 0);
    for (int64_t s = 0; s < p->terms; s++, a += M, b += p->b_row) {
        if (J > M) { /* the shorter side of the tile waits in registers */
#pragma GCC unroll 12
            for (int m = 0; m < M; m++) weight[m] = vec_all(a[m]);
#pragma GCC unroll 8
            for (int j = 0; j < J; j++) {
                column[0] = vec_load(b + j * VW);
#pragma GCC unroll 12
                for (int m = 0; m < M; m++) sum[m][j] += weight[m] * column[0];
            }
        } else {
#pragma GCC unroll 8
            for (int j = 0; j < J; j++) column[j] = vec_load(b + j * VW);
#pragma GCC unroll 12
            for (int m = 0; m < M; m++) {
                weight[0] = vec_all(a[m]);
#pragma GCC unroll 8
                for (int j = 0; j < J; j++) sum[m][j] += weight[0] * column[j];
            }
        }
    }
#pragma GCC unroll 12
    for (int m = 0; m < M; m++) {
        if (m >= rows) break;
#pragma GCC unroll 8
        for (int j = 0; j < J; j++) vec_store(result + (row + m) * p->result_row + j * VW, sum[m][j]);
    }
}

/* All rows over `registers` registers of columns, at most J: piece by piece where they are fewer. */
VEC_INLINE void winograd_run_tiles(const int M, const int J, int64_t registers,
                                   const struct winograd_product *p, int64_t column)
{
    const float *b = p->b + column * VW;
    float *result = p->result + column * VW;
#define ROWS(J)                                                                                              \
    for (int64_t row = 0; row < p->rows; row += M) winograd_tile(M, J, p, row, b, result);
    if (registers == J) {
        ROWS(J)
        return;
    }
    for (int64_t left = registers, done; left; left -= done, b += done * VW, result += done * VW) {
        done = J > 4 && left >= 4 ? 4 : J > 2 && left >= 2 ? 2 : 1;
        if (J > 4 && done == 4)
            ROWS(4)
        else if (J > 2 && done == 2)
            ROWS(2)
        else
            ROWS(1)
    }
#undef ROWS
}

/* Registers of the next tile where `left` are left: 4 are two times 2, because a tile of one register would wait for
 * its sums. */
static inline int64_t winograd_next_registers(int j, int64_t left)
{
    return j == 3 && left == 4 ? 2 : left < j ? left : j;
}

/* A function for each shape: together in one they take each other's registers. */
#define MULTIPLY(M, J)                                                                                       \
    static __attribute__((noinline)) void winograd_multiply_##M(const struct winograd_product *p)            \
    {                                                                                                        \
        for (int64_t j = 0, done; j < p->registers; j += done) {                                             \
            done = winograd_next_registers(J, p->registers - j);                                             \
            winograd_run_tiles(M, J, done, p, j);                                                            \
        }                                                                                                    \
    }
TILE_SHAPES(MULTIPLY)
#undef MULTIPLY

void LEVEL(winograd_multiply_point)(struct tile_shape shape, const struct winograd_product *p)
{
#define CASE(M, J)                                                                                           \
    if (shape.m == (M)) winograd_multiply_##M(p);
    TILE_SHAPES(CASE)
#undef CASE
}
