/* vec_tile.h - the register tiles under the convolutions.
 *
 * tile_product: M rows (channels) x J registers of columns (positions x lanes),
 *     c[m][j] = bias[m] + sum_k a[k][m] * b[k][j]      (or c += ...)
 * with one accumulator register per element, one broadcast of a per row. Every element is one chain of
 * fused multiply-adds over k in order, so the tile's shape does not touch the result. */
#ifndef DDP_MATH_VEC_TILE_H
#define DDP_MATH_VEC_TILE_H

#include "math/vec.h"

/* Rows x registers that fill the register file; the first that wastes least of a channel count is taken. */
#if VEC_REGISTERS == 32
#define TILE_SHAPES(X) X(12, 2) X(8, 3) X(6, 4)
#else
#define TILE_SHAPES(X) X(6, 2) X(4, 3) X(3, 4)
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

#endif
