/* depthwise.h - what the three products of depthwise convolutions share: the rows and taps under a row of results.
 *
 * A result row is a run of columns, positions x lanes. A tap sees the same run of a source row, some floats further
 * on; at the edges it sees only some columns. Where the window strides along the width, that holds for the positions
 * of one remainder: of the source, or of the result of the data gradient (phases). Leaves of a multiple of 16 lanes
 * take these positions where they are; other lanes first bring those of a remainder together. */
#ifndef MATH_VEC_CONV_DEPTHWISE_DEPTHWISE_H
#define MATH_VEC_CONV_DEPTHWISE_DEPTHWISE_H

#include "math/vec/conv/conv.h"
#include "math/vec/positions.h"

#define DEPTHWISE_ROWS 4 /* result rows at once */

/* A tap along the width: its index, where its first source lies seen from column 0, and the columns that see one. */
struct side_tap {
    int64_t index, at, low, high;
};

/* The taps of a phase: how many, its columns, and which of these, in whole registers, see all taps. */
struct side_taps {
    int64_t count, columns, first, end;
};

struct depthwise {
    const struct window *c;
    bool data;
    struct shape from, to;
    bool apart;               /* positions of a remainder are brought together in `together` */
    int64_t phases;           /* of the results along the width */
    int64_t across, phase;    /* of a remainder: positions, at most, and floats from one row to the next */
    int64_t from_row, to_row; /* floats, of rows brought together as well */
    struct side_tap *tap;     /* [phases][kernel width] */
    struct side_taps *taps;   /* [phases] */
    int64_t *seen
        [2]; /* [result size, of height 3 more][kernel]: source coordinates along depth and height; -1: none */
    struct seen_tap *list; /* [taps] */
    const float **row;     /* [kernel depth x height][DEPTHWISE_ROWS]: source rows; NULL outside */
    float *together;     /* forward: a channel of the source; data gradient: rows of results, and one woven */
    float *sums, *slots; /* weights' gradients: [taps][chains][16], and those of leaves */
    float *zeros;        /* [lanes]: what a tap sees outside */
    int64_t slot;
};

/* A tap that a position sees: its source there. */
struct seen_tap {
    const float *source;
    float weight;
};

/* A phase of result rows. Row r begins at `at`[r] in the result, and in the mask of `finish`. */
struct depthwise_rows {
    const float *const *row;
    int64_t rows, across; /* taps of depth x height, and along the width */
    bool of_3, shared;    /* 3 x 3 taps, and of windows that follow each other: as many rows and 2 more */
    const struct side_tap *tap;
    struct side_taps taps;
    struct seen_tap *list;
    const float *weight;
    float bias;
    int64_t at[DEPTHWISE_ROWS];
    float *result;
    const struct finish *finish;
};

/* Returns whether windows are 3x3. */
static inline bool depthwise_is_3x3(const struct window *c)
{
    return c->kernel[AXIS_D] == 1 && c->kernel[AXIS_H] == 3 && c->kernel[AXIS_W] == 3;
}

/* Returns whether the windows of result rows that follow each other see rows that follow each other. */
static inline bool depthwise_shares(const struct window *c)
{
    return c->stride[AXIS_H] == 1 && c->dilation[AXIS_H] == 1;
}

/* The elements whose index is in [low, high). */
VEC_INLINE veci depthwise_mask(int64_t low, int64_t high)
{
    veci index;
    VEC_EACH (i, VW) index[i] = i;
    return (veci)(index >= (int32_t)low) & (veci)(index < (int32_t)high);
}

/* Those of `p`; zeros for others, whose memory is not touched. */
VEC_INLINE vec depthwise_load(veci mask, const float *p)
{
#if defined(__AVX512DQ__)
    return (vec)_mm512_maskz_loadu_ps(_mm512_movepi32_mask((__m512i)mask), p);
#elif defined(__AVX2__)
    return (vec)_mm256_maskload_ps(p, (__m256i)mask);
#else
    vec v = {0};
    for (int i = 0; i < VW; i++)
        if (mask[i]) v[i] = p[i];
    return v;
#endif
}

/* depthwise_tile.c: `rows` result rows, DEPTHWISE_ROWS or 1, of a phase whose columns lie side by side in source and
 * result; and the 16 columns from `column` on, which are `from` and `to` floats from the start of the rows. */
void LEVEL(depthwise_run)(int64_t rows, const struct depthwise_rows *t);
void LEVEL(depthwise_position)(int64_t rows, const struct depthwise_rows *t, int64_t column, int64_t from,
                               int64_t to);

/* depthwise_wide.c: row r of a phase whose positions have a multiple of DEPTHWISE_WIDE lanes, and are `from` and `to`
 * floats apart. */
#define DEPTHWISE_WIDE 64
void LEVEL(depthwise_run_wide)(const struct depthwise_rows *t, int64_t r, int64_t lanes, int64_t from,
                               int64_t to);

/* depthwise_plane.c: forward pass and data gradient of any number of lanes, where rows are short and a channel with its
 * padding fits into a cache; and the scratch of that. */
bool LEVEL(depthwise_suits_plane)(const struct window *c, bool data);
int64_t LEVEL(depthwise_plane_floats)(const struct window *c, bool data);
void LEVEL(depthwise_run_plane)(const struct window *c, bool data, const float *weight, const float *from,
                                const struct finish *finish, float *result, float *scratch);

/* depthwise_weight.c: the weight gradient; d is that of the forward pass. */
#define DEPTHWISE_CHAINS 4
void LEVEL(depthwise_weight_sums)(const struct depthwise *d, const float *x, const float *dy, float *dweight);

/* depthwise.c: finds the source rows under result rows [y, y + rows) of plane z; with `data` from the last to the first.
 * A row below the last sees what it would see. */
void LEVEL(depthwise_find_rows)(const struct depthwise *d, int64_t z, int64_t y, int64_t rows,
                                const float *from);

/* Returns a channel of the source, whose positions of a remainder are brought together where they have to be. */
const float *LEVEL(depthwise_source)(const struct depthwise *d, const float *from);

#endif
