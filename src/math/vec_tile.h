/* vec_tile.h - the register tiles under the convolutions.
 *
 * tile_product: M rows (channels) x J registers of columns (positions x lanes),
 *     c[m][j] = bias[m] + sum_k a[k][m] * b[k][j]      (or c += ...)
 * with one accumulator register per element, one broadcast of a per row. Every element is one chain of
 * fused multiply-adds over k in order, so the tile's shape does not touch the result.
 *
 * tile_outer: M x T sums over all columns of dy[m][column] * x[t][column], 16 lanes each, kept lane by lane
 * in memory between calls. */
#ifndef DDP_MATH_VEC_TILE_H
#define DDP_MATH_VEC_TILE_H

#include "math/vec.h"

/* Rows x registers that fill the register file; the first that wastes least of a channel count is taken. */
#if VEC_REGISTERS == 32
#define TILE_SHAPES(X) X(12, 2) X(8, 3) X(6, 4)
#define TILE_OUTER_M   6
#define TILE_OUTER_T   (4 / VEC_PARTS)
#else
#define TILE_SHAPES(X) X(6, 2) X(4, 3) X(3, 4)
#define TILE_OUTER_M   3
#define TILE_OUTER_T   (VW == 8 ? 2 : 1)
#endif
#define TILE_MAX_M 12
#define TILE_MAX_J 4

struct tile {
    int64_t depth;  /* number of k */
    const float *a; /* packed [depth][M], rows beyond `rows` are zero */
    const float *b; /* row k of the columns starts at b + b_offset[k] */
    const int64_t *b_offset;
    float *c; /* row m of the result starts at c + c_offset[m] */
    const int64_t *c_offset;
    int rows;          /* valid rows, at most M */
    const float *bias; /* [rows], or NULL for zeros */
    int add;           /* add to c instead of overwriting it */
};

struct tile_shape {
    int m, j; /* rows, registers */
};

/* The shape that wastes least on so many rows, and one tile of it over `registers` <= j columns. */
struct tile_shape LEVEL(tile_shape_for)(int64_t rows);
void LEVEL(tile_run)(int m, int64_t registers, const struct tile *t);

struct outer {
    const float *dy, *x;
    const int64_t *dy_offset, *x_offset; /* [M], [T]: start of each row */
    int64_t lines, columns;              /* `lines` runs of `columns` groups of 16 */
    int64_t dy_line, x_line;             /* floats from one run to the next */
    float *sums;                         /* [M][T][16] at sums + m * m_stride + t * 16 */
    int64_t m_stride;
};

VEC_INLINE void tile_outer(const int M, const int T, const struct outer *o)
{
    vec sum[TILE_OUTER_M][TILE_OUTER_T][VEC_PARTS];
#define OUTER_EACH(statement)                                                                                \
    _Pragma("GCC unroll 6") for (int m = 0; m < M; m++) _Pragma("GCC unroll 4") for (int t = 0; t < T; t++)  \
        _Pragma("GCC unroll 4") for (int p = 0; p < VEC_PARTS; p++) statement

    OUTER_EACH(sum[m][t][p] = vec_load(o->sums + m * o->m_stride + t * 16 + p * VW);)
    for (int64_t line = 0; line < o->lines; line++)
        for (int64_t column = 0; column < o->columns; column++) {
            const float *dy = o->dy + line * o->dy_line + column * 16,
                        *x = o->x + line * o->x_line + column * 16;
            OUTER_EACH(sum[m][t][p] +=
                       vec_load(dy + o->dy_offset[m] + p * VW) * vec_load(x + o->x_offset[t] + p * VW);)
        }
    OUTER_EACH(vec_store(o->sums + m * o->m_stride + t * 16 + p * VW, sum[m][t][p]);)
#undef OUTER_EACH
}

#endif
