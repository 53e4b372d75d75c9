/* panel_runs.h - the register tiles of panel_weight.c: rows that begin anywhere, over runs of columns. */
#ifndef MATH_VEC_CONV_PANEL_RUNS_H
#define MATH_VEC_CONV_PANEL_RUNS_H

#include "math/vec/pair.h"

#if VEC_REGISTERS == 32
#define PANEL_RUNS_J 4
#else
#define PANEL_RUNS_J 2
#endif
#define PANEL_RUNS_WIDTH (PANEL_RUNS_J * VW) /* channels of a tile, which lie side by side */

/* Columns that lie side by side: from the start of a row, of the turned gradients, and how many. */
struct panel_run {
    int64_t from, column, count;
};

/* A row: where it begins in the panel, and where its sums are. */
struct panel_row {
    int64_t from, to;
};

struct panel_runs {
    bool pairs;         /* products of bfloat16: */
    const float *panel; /* holds them, not floats, and rows and runs begin at one of them, */
    const struct panel_row *row;
    int64_t rows;
    const struct panel_run *run;
    int64_t runs;
    const float *turned; /* [columns][PANEL_RUNS_WIDTH], where a column of a run is a pair of them (pair.h) */
    float *sums;
    int64_t channels; /* whose sums are stored */
    bool fresh;       /* no sums yet */
};

/* sums[row] (fresh: zeros) += the products of `registers` <= PANEL_RUNS_J registers of channels over all columns. */
void LEVEL(panel_multiply_runs)(int64_t registers, const struct panel_runs *t);

#endif
