/* tile.h - the register tiles under convolutions and their data gradients.
 *
 * A tile is M rows (channels of the result) x J registers of columns (positions x lanes),
 *     c[m][j] = bias[m] + sum over channels and taps of a[channel][tap][m] * b[channel][tap][j]
 * with one accumulator register per element and one broadcast of a per row. Every element is one chain of
 * fused multiply-adds in order, which may wait in the result between blocks of channels, so the tile's shape
 * does not touch the result. Nor do taps that meet only padding: a bias of -0 counts as 0, and adding zeros to
 * a sum that began so changes nothing. Words of a and b may be pairs of channels (pair.h). */
#ifndef MATH_VEC_CONV_TILE_H
#define MATH_VEC_CONV_TILE_H

#include "math/vec/pair.h"

/* Rows x registers that fill the register file, of which tile_shape_for takes the first that wastes the fewest
 * rows; and smaller ones, for what is left of a row of columns. */
#if VEC_REGISTERS == 32
#define TILE_SHAPES(X) X(12, 2) X(8, 3) X(6, 4) X(3, 8) X(1, 8)
#define TILE_PIECES(X)                                                                                       \
    X(12, 1) X(8, 2) X(8, 1) X(6, 2) X(6, 1) X(3, 4) X(3, 2) X(3, 1) X(1, 4) X(1, 2) X(1, 1)
#else
#define TILE_SHAPES(X) X(6, 2) X(4, 3) X(3, 4) X(1, 8)
#define TILE_PIECES(X) X(6, 1) X(4, 2) X(4, 1) X(3, 2) X(3, 1) X(1, 4) X(1, 2) X(1, 1)
#endif
#define TILE_MAX_M 12
#define TILE_MAX_J 8

/* What remains to be done with `count` sums after their bias; `at` counts from where f->mask starts. */
VEC_INLINE vec finish_apply_part(const struct finish *f, int64_t at, int64_t count, vec sum)
{
    if (f->relu != 0) sum = vec_relu(f->relu, sum);
    if (f->mask) sum = vec_relu_gradient(f->mask_limit, vec_load_some(f->mask + at, count), sum);
    return sum;
}

VEC_INLINE vec finish_apply(const struct finish *f, int64_t at, vec sum)
{
    return finish_apply_part(f, at, VW, sum);
}

/* Where a tap's weights and columns lie within a channel. */
struct tap {
    int64_t a, b;
};

struct tile {
    int64_t channels, taps;
    bool
        pairs; /* words are pairs of channels, of which there are `channels`; of tile_run_columns, a_row is 1 */
    const struct tap *tap;
    const float *a; /* weights: [M] at a + channel * a_channel + tap.a; rows beyond `rows` are zero */
    int64_t a_channel;
    int64_t a_row;  /* of tile_run_columns, where it is not 1 or 0: floats from one row to the next */
    const float *b; /* columns: [J] at b + channel * b_channel + tap.b */
    int64_t b_channel;
    float *c; /* result: [J] at c + row * c_row */
    int64_t c_row;
    int rows;            /* valid rows, at most M */
    bool resumes, waits; /* the sums wait in c: those of the channels before, and after these channels */
    struct finish finish;
};

/* A register of columns: where it starts behind t->b and t->c, how many of its elements are results, and which
 * taps it does without (conv_direct.c). */
struct tile_column {
    int64_t from, to, count;
    uint64_t skip;
    int64_t beside; /* whole registers with the same taps that lie side by side from this one on */
};

struct tile_shape {
    int m, j; /* rows, registers */
};

/* Returns the shape that wastes the fewest of `rows` rows. tile_run computes `registers` registers of columns that lie
 * side by side, tile_run_columns as many as fit into a tile from a table. */
struct tile_shape LEVEL(tile_shape_for)(int64_t rows);
void LEVEL(tile_run)(int m, int64_t registers, const struct tile *t);
void LEVEL(tile_run_columns)(int m, int64_t registers, const struct tile *t,
                             const struct tile_column *columns);

#endif
