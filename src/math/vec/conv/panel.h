/* panel.h - weight gradients of many output channels: products whose result has the output channels side by
 * side.
 *
 *     sums[row][oc] += sum over columns of rows[row][column] * transposed[column][oc]
 * A row is a tap (or an input channel at a point of Winograd's transform), a column one lane at one position.
 * The gradients dy come with their lanes side by side and are transposed in registers, 16 channels x 16 lanes
 * at a time; so the register tile takes one broadcast per row and a vector of channels, and no lanes need be
 * added to each other at the end. A panel holds so few columns that the transposed gradients stay in the L1
 * cache. Every panel's sums start at zero and are added to the total: short chains, hence small errors. */
#ifndef MATH_VEC_CONV_PANEL_H
#define MATH_VEC_CONV_PANEL_H

#include "math/vec/conv/conv.h"
#include "math/vec/transpose.h"

#define PANEL_GROUPS 8  /* groups of 16 columns in a panel */
#define PANEL_WIDTH  64 /* output channels side by side */
#define PANEL_ROW                                                                                            \
    (PANEL_GROUPS * 16 + 16) /* floats from row to row; the extra 16 keep rows apart in the L1 cache */
#define PANEL_SUM_ROWS 576   /* rows of a block of sums: 64 input channels of 3x3 taps */

/* A block of the weight gradient, as the sums of one leaf: rows [row, row + rows) of [OC][rows],
 * transposed. */
struct panel_block {
    int64_t oc, channels; /* first output channel and how many, at most PANEL_WIDTH */
    int64_t row, rows;    /* at most PANEL_SUM_ROWS */
    int64_t lane, lanes;  /* of the leaf */
};

/* sums [rows][width] += rows [rows][PANEL_ROW] * transposed [columns][width], with `channels` <= width of them side by
 * side. */
void LEVEL(panel_product)(int64_t rows, int64_t channels, int64_t width, int64_t columns, const float *row,
                          const float *transposed, float *sums);

/* Computes the sums of one leaf; work: panel_leaf_floats(). */
void LEVEL(panel_leaf)(const struct window *c, const struct panel_block *b, const float *x, const float *dy,
                       float *sums, float *work);
int64_t LEVEL(panel_leaf_floats)(void);

/* Of a single leaf with few columns, or with more output channels than panel_leaf takes for a copy of the patches,
 * dweight [OC][depth] is computed where it is: the patches are copied once and turned, and the gradients are read where
 * they are. The sums are those of panel_leaf, to the bit. */
bool LEVEL(panel_suits_few)(const struct window *c);
void LEVEL(panel_few)(const struct window *c, const float *x, const float *dy, float *dweight, float *work);

#endif
