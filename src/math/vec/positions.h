/* positions.h - copies rows of positions, `lanes` floats each, as a tap of a window sees them.
 *
 * A copy may write up to VW - 1 zeros behind its end; so rows are filled from left to right, and buffers have as
 * much room behind. */
#ifndef MATH_VEC_POSITIONS_H
#define MATH_VEC_POSITIONS_H

#include "math/vec/weave.h"

/* Columns of a row: zeros, then floats from `from` on in the row that is seen, then zeros. */
struct row_view {
    int64_t before, count, after, from;
};

VEC_INLINE int64_t row_limit(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* Column p * lanes + l sees lane l of position p * step + shift in a row of `width` positions. Returns the view of
 * columns [first, first + count), which are whole positions or a part of one where step > 1. */
VEC_INLINE struct row_view row_view(int64_t width, int64_t lanes, int64_t step, int64_t shift, int64_t first,
                                    int64_t count)
{
    int64_t low = -shift, high = width - shift;
    if (step > 1) low = (low + step - 1) / step, high = (high + step - 1) / step;
    low = row_limit(low * lanes, first, first + count), high = row_limit(high * lanes, low, first + count);
    int64_t from = step == 1 ? low + shift * lanes : (low / lanes * step + shift) * lanes + low % lanes;
    return (struct row_view){low - first, high - low, first + count - high, from};
}

VEC_INLINE float *row_clear(int64_t count, float *to)
{
    for (int64_t i = 0; i < count; i += VW) vec_store_any(to + i, (vec){0});
    return to + count;
}

VEC_INLINE float *row_copy(int64_t count, const float *from, float *to)
{
    weave_copy(from, count, to);
    return to + count;
}

/* Copies whole registers of every second position; returns how many floats. */
VEC_INLINE int64_t row_copy_even(const int lanes, int64_t count, const float *from, float *to)
{
    int64_t i = 0;
    for (vec even, odd; 2 * (i + VW) <= 2 * count - lanes; i += VW) {
        weave_split(lanes, vec_load_any(from + 2 * i), vec_load_any(from + 2 * i + VW), &even, &odd);
        vec_store_any(to + i, even);
    }
    return i;
}

/* Copies positions that are `step` apart: `count` floats, of whole positions or a part of one. */
VEC_INLINE float *row_copy_step(int64_t count, int64_t lanes, int64_t step, const float *from, float *to)
{
    if (step == 1 || count <= lanes) return row_copy(count, from, to);
    int64_t done = 0;
    switch (step == 2 ? weave_lanes(lanes) : 0) {
#define ROW_CASE(n)                                                                                          \
    case n:                                                                                                  \
        done = row_copy_even(n, count, from, to);                                                            \
        break;
        WEAVE_LANES(ROW_CASE)
#undef ROW_CASE
    }
    if (lanes == 1) {
        for (; done < count; done++) to[done] = from[done * step];
        return to + count;
    }
    for (; done < count; done += lanes) row_copy(lanes, from + done * step, to + done);
    return to + count;
}

/* Joins rows a and b of `count` floats each, in whole registers. */
VEC_INLINE void row_join(const int lanes, int64_t count, const float *a, const float *b, float *to)
{
    for (int64_t i = 0; i < count; i += VW) {
        vec low, high;
        weave_join(lanes, vec_load_any(a + i), vec_load_any(b + i), &low, &high);
        vec_store_any(to + 2 * i, low);
        vec_store_any(to + 2 * i + VW, high);
    }
}

/* The reverse of row_copy_step: position p of `width` is position p / step of row p % step, whose rows are `row` floats
 * apart. Reads up to VW - 1 floats behind the rows, and writes up to 2 * VW - 1 behind its end. */
VEC_INLINE void row_weave(int64_t width, int64_t lanes, int64_t step, const float *from, int64_t row,
                          float *to)
{
    switch (step == 2 ? weave_lanes(lanes) : 0) {
#define ROW_CASE(n)                                                                                          \
    case n:                                                                                                  \
        row_join(n, (width + 1) / 2 * lanes, from, from + row, to);                                          \
        break;
        WEAVE_LANES(ROW_CASE)
#undef ROW_CASE
    default:
        for (int64_t first = 0; first < width; first += step, from += lanes)
            for (int64_t i = 0; i < step && first + i < width; i++)
                row_copy(lanes, from + i * row, to + (first + i) * lanes);
    }
}

/* Copies what the view shows of a row. */
VEC_INLINE float *row_copy_view(const struct row_view *v, int64_t lanes, int64_t step, const float *row,
                                float *to)
{
    to = row_clear(v->before, to);
    to = row_copy_step(v->count, lanes, step, row + v->from, to);
    return row_clear(v->after, to);
}

#endif
