/* positions.h - copies rows of positions, `lanes` floats each, as a tap of a window sees them.
 *
 * A copy may write up to VW - 1 zeros behind its end; so rows are filled from left to right, and buffers have as
 * much room behind. */
#ifndef MATH_VEC_POSITIONS_H
#define MATH_VEC_POSITIONS_H

#include "math/vec/transpose.h"

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
    int64_t i = 0;
    for (; i + VW <= count; i += VW) vec_store_any(to + i, vec_load_any(from + i));
    if (i < count) vec_store_any(to + i, vec_load_part(from + i, count - i));
    return to + count;
}

/* Element i of the even ones among positions of n floats, in two registers. */
#define ROW_EVEN(i, n) (i) / (n)*2 * (n) + (i) % (n)
/* Element i of two registers woven together. */
#define ROW_WOVEN(i, n) (i) / (n) / 2 * (n) + (i) % (n) + (i) / (n) % 2 * VW
#if VW == 16
#define ROW_EACH(X, i, n)                                                                                    \
    X((i) + 0, n), X((i) + 1, n), X((i) + 2, n), X((i) + 3, n), X((i) + 4, n), X((i) + 5, n), X((i) + 6, n), \
        X((i) + 7, n), X((i) + 8, n), X((i) + 9, n), X((i) + 10, n), X((i) + 11, n), X((i) + 12, n),         \
        X((i) + 13, n), X((i) + 14, n), X((i) + 15, n)
#elif VW == 8
#define ROW_EACH(X, i, n)                                                                                    \
    X((i) + 0, n), X((i) + 1, n), X((i) + 2, n), X((i) + 3, n), X((i) + 4, n), X((i) + 5, n), X((i) + 6, n), \
        X((i) + 7, n)
#else
#define ROW_EACH(X, i, n) X((i) + 0, n), X((i) + 1, n), X((i) + 2, n), X((i) + 3, n)
#endif

/* Copies whole registers of every second position, of `lanes` floats; returns how many floats. */
VEC_INLINE int64_t row_copy_even(const int lanes, int64_t count, const float *from, float *to)
{
    int64_t i = 0;
    for (; 2 * (i + VW) <= 2 * count - lanes; i += VW)
        vec_store_any(to + i, vec_interleave(vec_load_any(from + 2 * i), vec_load_any(from + 2 * i + VW),
                                             ROW_EACH(ROW_EVEN, 0, lanes)));
    return i;
}

/* The same for positions that are `step` apart: `count` floats, of whole positions or a part of one. */
VEC_INLINE float *row_copy_step(int64_t count, int64_t lanes, int64_t step, const float *from, float *to)
{
    if (step == 1 || count <= lanes) return row_copy(count, from, to);
    int64_t done = 0;
    if (step == 2 && lanes == 1) done = row_copy_even(1, count, from, to);
    if (step == 2 && lanes == 2) done = row_copy_even(2, count, from, to);
#if VW >= 8
    if (step == 2 && lanes == 4) done = row_copy_even(4, count, from, to);
#endif
#if VW >= 16
    if (step == 2 && lanes == 8) done = row_copy_even(8, count, from, to);
#endif
    if (lanes == 1) {
        for (; done < count; done++) to[done] = from[done * step];
        return to + count;
    }
    for (; done < count; done += lanes) row_copy(lanes, from + done * step, to + done);
    return to + count;
}

/* Weaves two rows of `count` floats each together, in whole registers. */
VEC_INLINE void row_weave_two(const int lanes, int64_t count, const float *a, const float *b, float *to)
{
    for (int64_t i = 0; i < count; i += VW) {
        vec even = vec_load_any(a + i), odd = vec_load_any(b + i);
        vec_store_any(to + 2 * i, vec_interleave(even, odd, ROW_EACH(ROW_WOVEN, 0, lanes)));
        vec_store_any(to + 2 * i + VW, vec_interleave(even, odd, ROW_EACH(ROW_WOVEN, VW, lanes)));
    }
}

/* The reverse of row_copy_step: position p of `width` is position p / step of row p % step, whose rows are `row` floats
 * apart. Reads up to VW - 1 floats behind the rows, and writes up to 2 * VW - 1 behind its end. */
VEC_INLINE void row_weave(int64_t width, int64_t lanes, int64_t step, const float *from, int64_t row,
                          float *to)
{
    int64_t pairs = (width + 1) / 2 * lanes;
    if (step == 2 && lanes == 1) {
        row_weave_two(1, pairs, from, from + row, to);
    } else if (step == 2 && lanes == 2) {
        row_weave_two(2, pairs, from, from + row, to);
#if VW >= 8
    } else if (step == 2 && lanes == 4) {
        row_weave_two(4, pairs, from, from + row, to);
#endif
#if VW >= 16
    } else if (step == 2 && lanes == 8) {
        row_weave_two(8, pairs, from, from + row, to);
#endif
    } else {
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
