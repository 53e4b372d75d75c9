/* columns.h - the registers of a block of results: where each reads, writes, and which taps it needs. */
#ifndef MATH_VEC_CONV_DIRECT_COLUMNS_H
#define MATH_VEC_CONV_DIRECT_COLUMNS_H

#include "math/vec/conv/direct/halo.h"

/* Where the results of a block are written: floats from one position, row and plane to the next. */
struct columns_to {
    int64_t position, row, plane;
};

/* Lists the registers of a block, those that need the same taps side by side; returns how many. A register at the end
 * of a run of results reads past it: into the panel's next slots, or, where `inner` says that there is none, it
 * begins earlier and repeats results. */
int64_t LEVEL(columns_list)(const struct halo *h, const struct block *b, const struct columns_to *to,
                            bool inner, struct tile_column *columns);

/* Returns whether two blocks have the same list. */
bool LEVEL(columns_same)(const struct halo *h, const struct block *a, const struct block *b);

#endif
