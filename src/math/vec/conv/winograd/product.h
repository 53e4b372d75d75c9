/* product.h - the products of Winograd's points in the forward pass and the data gradient. */
#ifndef MATH_VEC_CONV_WINOGRAD_PRODUCT_H
#define MATH_VEC_CONV_WINOGRAD_PRODUCT_H

#include "math/vec/conv/tile.h"

/* result [rows][result_row] = bias + a b: a [rows / M][terms][M] for the tile's M, b [terms][b_row]. Rows are result
 * channels; b's rows and those of the result are registers of columns side by side. Every element is one chain of
 * fused multiply-adds in order of the terms. */
struct winograd_product {
    int64_t rows, terms, registers;
    const float *a, *b;
    float *result;
    int64_t b_row, result_row;
    const float *bias; /* [rows] or NULL */
};

void LEVEL(winograd_multiply_point)(struct tile_shape shape, const struct winograd_product *p);

#endif
