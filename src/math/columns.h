/* columns.h - the order in which a loss goes through its columns, each a lane at a position.
 *
 * A walk takes up to COLUMNS_WIDE columns side by side, then those `step` further on, and so on. Each of them stays
 * with one sample, so that what the sample counts and the sum of its losses can be kept beside the loop. Lanes in
 * multiples of 16 go through all positions side by side. Other lanes have rows without gaps, and the step is 16
 * positions: a sample's loss is then 16 sums, of its positions p with equal p % 16, added one after the other. That
 * is the same order whatever the number of lanes beside it, and registers are full even of a single lane. */
#ifndef MATH_COLUMNS_H
#define MATH_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>

#define COLUMNS_WIDE  256
#define COLUMNS_BLOCK 16 /* a walk is a multiple of it, but for the end of the last row */

struct columns {
    /* of this walk */
    int64_t first, step; /* columns, as elements of an array [P][row] */
    int64_t sample;      /* of the first column; those behind it have the next ones, then 0, 1, ... */
    int wide, live;      /* columns side by side; how many of them are live: the first ones */
    /* of all */
    int64_t lanes, samples; /* of a position, and how many of them are live */
    int64_t end, period;    /* behind the last column, and behind those that come before the first step */
};

/* Begins in front of the first walk. Positions are `row` apart; 0 or 1 positions have no row. */
static inline struct columns columns_begin(int64_t lanes, int64_t samples, int64_t positions, int64_t row)
{
    bool dense = lanes % COLUMNS_BLOCK != 0;
    int64_t last = positions > 1 ? (positions - 1) * row : 0;
    struct columns c = {.lanes = lanes, .samples = samples, .end = last + lanes};
    c.period = dense ? COLUMNS_BLOCK * lanes : lanes;
    c.step = dense || positions <= 1 ? c.period : row;
    return c;
}

/* Goes to the next walk; returns false if there is none. */
static inline bool columns_next(struct columns *c)
{
    c->first += c->wide;
    int64_t left = (c->period < c->end ? c->period : c->end) - c->first;
    if (left <= 0) return false;
    c->wide =
        left < COLUMNS_WIDE ? (int)(left + COLUMNS_BLOCK - 1) / COLUMNS_BLOCK * COLUMNS_BLOCK : COLUMNS_WIDE;
    c->sample = c->first % c->lanes;
    int64_t live = c->lanes % COLUMNS_BLOCK == 0 ? c->samples - c->first : c->samples * COLUMNS_WIDE;
    c->live = live < 0 ? 0 : live < c->wide ? (int)live : c->wide;
    return true;
}

/* Returns how many of `wide` columns from `at` on are there. */
static inline int columns_count(const struct columns *c, int64_t at, int wide)
{
    int64_t left = c->end - at;
    return left < 0 ? 0 : left < wide ? (int)left : wide;
}

/* Writes the factors of the samples of this walk's columns (NULL: all 1), and 0 where a column is not live. */
static inline void columns_take_factors(const struct columns *c, const float *factors,
                                        float out[COLUMNS_WIDE])
{
    int64_t sample = c->sample;
    for (int i = 0; i < c->wide; i++) {
        out[i] = i >= c->live ? 0 : factors ? factors[sample] : 1;
        if (++sample == c->lanes) sample = 0;
    }
}

/* Adds the sums of this walk's columns to those of their samples. */
static inline void columns_add_losses(const struct columns *c, const double sums[COLUMNS_WIDE],
                                      double *losses)
{
    int64_t sample = c->sample;
    for (int i = 0; i < c->live; i++) {
        losses[sample] += sums[i];
        if (++sample == c->lanes) sample = 0;
    }
}

#endif
