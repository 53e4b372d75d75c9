/* tile.h - the register tiles under convolutions and their data gradients.
 *
 * A tile is M rows (channels of the result) x J registers of columns (positions x lanes),
 *     c[m][j] = bias[m] + sum over channels and taps of a[channel][tap][m] * b[channel][tap][j]
 * with one accumulator register per element and one broadcast of a per row. Every element is one chain of
 * fused multiply-adds in order, so the tile's shape does not touch the result. */
#ifndef MATH_VEC_CONV_TILE_H
#define MATH_VEC_CONV_TILE_H

#include <stdbool.h>

#include "math/vec/vec.h"

/* Rows x registers that fill the register file; tile_shape_for takes the first that wastes the fewest
 * rows. */
#if VEC_REGISTERS == 32
#define TILE_SHAPES(X) X(12, 2) X(8, 3) X(6, 4) X(3, 8) X(1, 8)
#else
#define TILE_SHAPES(X) X(6, 2) X(4, 3) X(3, 4) X(1, 8)
#endif
#define TILE_MAX_M 12
#define TILE_MAX_J 8

/* What remains to be done with a sum after its bias; `at` counts from where f->mask starts. */
VEC_INLINE vec finish_apply(const struct finish *f, int64_t at, vec sum)
{
    if (f->relu) sum = vec_select((veci)(sum < 0), (vec){0}, sum);
    if (f->mask) sum = vec_select((veci)(vec_load(f->mask + at) <= 0), (vec){0}, sum);
    return sum;
}

/* Where a tap's weights and columns lie within a channel. */
struct tap {
    int64_t a, b;
};

struct tile {
    int64_t channels, taps;
    const struct tap *tap;
    const float *a; /* weights: [M] at a + channel * a_channel + tap.a; rows beyond `rows` are zero */
    int64_t a_channel;
    const float *b; /* columns: [J] at b + channel * b_channel + tap.b */
    int64_t b_channel;
    float *c; /* result: [J] at c + row * c_row */
    int64_t c_row;
    int rows; /* valid rows, at most M */
    struct finish finish;
};

struct tile_shape {
    int m, j; /* rows, registers */
};

/* Returns the shape that wastes the fewest of `rows` rows. tile_run computes one tile of it over `registers`
 * <= j registers of columns. */
struct tile_shape LEVEL(tile_shape_for)(int64_t rows);
void LEVEL(tile_run)(int m, int64_t registers, const struct tile *t);

#endif
