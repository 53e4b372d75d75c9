/* weave.h - splits a run of positions into even and odd ones, and joins both into one run.
 *
 * A position is `lanes` floats. Where a register holds whole positions, both are permutations of registers. */
#ifndef MATH_VEC_WEAVE_H
#define MATH_VEC_WEAVE_H

#include "math/vec/transpose.h"

/* Where element i of a result comes from in a pair of registers. */
#define WEAVE_EVEN(lanes, i) ((i) / (lanes)*2 * (lanes) + (i) % (lanes))
#define WEAVE_ODD(lanes, i)  (WEAVE_EVEN(lanes, i) + (lanes))
#define WEAVE_LOW(lanes, i)  ((i) / (lanes) / 2 * (lanes) + (i) % (lanes) + (i) / (lanes) % 2 * VW)
#define WEAVE_HIGH(lanes, i) WEAVE_LOW(lanes, (i) + VW)

#define WEAVE_LIST4(of, lanes, i) of(lanes, i), of(lanes, (i) + 1), of(lanes, (i) + 2), of(lanes, (i) + 3)
#define WEAVE_LIST8(of, lanes, i) WEAVE_LIST4(of, lanes, i), WEAVE_LIST4(of, lanes, (i) + 4)
#if VW == 16
#define WEAVE_LIST(of, lanes) WEAVE_LIST8(of, lanes, 0), WEAVE_LIST8(of, lanes, 8)
#define WEAVE_LANES(X)        X(1) X(2) X(4) X(8)
#elif VW == 8
#define WEAVE_LIST(of, lanes) WEAVE_LIST8(of, lanes, 0)
#define WEAVE_LANES(X)        X(1) X(2) X(4) X(8)
#else
#define WEAVE_LIST(of, lanes) WEAVE_LIST4(of, lanes, 0)
#define WEAVE_LANES(X)        X(1) X(2) X(4)
#endif

/* Returns `lanes` where registers hold whole positions, else 0. */
static inline int weave_lanes(int64_t lanes)
{
#define WEAVE_IS(n) || lanes == (n)
    return 0 WEAVE_LANES(WEAVE_IS) ? (int)lanes : 0;
#undef WEAVE_IS
}

/* The even and the odd positions of the run a, b; `lanes` is a constant of weave_lanes. */
VEC_INLINE void weave_split(const int lanes, vec a, vec b, vec *even, vec *odd)
{
#define WEAVE_CASE(n)                                                                                        \
    if (lanes == (n)) {                                                                                      \
        *even = vec_interleave(a, b, WEAVE_LIST(WEAVE_EVEN, n));                                             \
        *odd = vec_interleave(a, b, WEAVE_LIST(WEAVE_ODD, n));                                               \
    }
    WEAVE_LANES(WEAVE_CASE)
#undef WEAVE_CASE
}

/* The run low, high whose even and odd positions are given. */
VEC_INLINE void weave_join(const int lanes, vec even, vec odd, vec *low, vec *high)
{
#define WEAVE_CASE(n)                                                                                        \
    if (lanes == (n)) {                                                                                      \
        *low = vec_interleave(even, odd, WEAVE_LIST(WEAVE_LOW, n));                                          \
        *high = vec_interleave(even, odd, WEAVE_LIST(WEAVE_HIGH, n));                                        \
    }
    WEAVE_LANES(WEAVE_CASE)
#undef WEAVE_CASE
}

/* Copies floats; writes whole registers, up to VW - 1 floats too many. */
VEC_INLINE void weave_copy(const float *from, int64_t count, float *to)
{
    int64_t i = 0;
    for (; i + VW <= count; i += VW) vec_store_any(to + i, vec_load_any(from + i));
    if (i < count) vec_store_any(to + i, vec_load_part(from + i, count - i));
}

/* Splits a run of 2 * count floats; writes as weave_copy. */
VEC_INLINE void weave_split_run(const int lanes, const float *from, int64_t count, float *even, float *odd)
{
    vec e, o;
    int64_t i = 0;
    for (; i + VW <= count; i += VW) {
        weave_split(lanes, vec_load_any(from + 2 * i), vec_load_any(from + 2 * i + VW), &e, &o);
        vec_store_any(even + i, e);
        vec_store_any(odd + i, o);
    }
    if (i == count) return;
    int64_t left = 2 * (count - i);
    vec a = vec_load_part(from + 2 * i, left < VW ? left : VW);
    vec b = left > VW ? vec_load_part(from + 2 * i + VW, left - VW) : (vec){0};
    weave_split(lanes, a, b, &e, &o);
    vec_store_any(even + i, e);
    vec_store_any(odd + i, o);
}

/* Splits `pairs` pairs of positions, `step` floats from one position to the next; writes as weave_copy. */
static inline void weave_split_pairs(const float *from, int64_t step, int64_t lanes, int64_t pairs,
                                     float *even, float *odd)
{
    switch (step == lanes ? weave_lanes(lanes) : 0) {
#define WEAVE_CASE(n)                                                                                        \
    case n:                                                                                                  \
        weave_split_run(n, from, pairs *lanes, even, odd);                                                   \
        return;
        WEAVE_LANES(WEAVE_CASE)
#undef WEAVE_CASE
    default:
        for (int64_t t = 0; t < pairs; t++, from += 2 * step, even += lanes, odd += lanes) {
            weave_copy(from, lanes, even);
            weave_copy(from + step, lanes, odd);
        }
    }
}

/* Joins two runs of `count` floats by whole registers; returns how many floats of each. */
VEC_INLINE int64_t weave_join_run(const int lanes, const float *even, const float *odd, int64_t count,
                                  float *to)
{
    int64_t i = 0;
    for (vec low, high; i + VW <= count; i += VW) {
        weave_join(lanes, vec_load_any(even + i), vec_load_any(odd + i), &low, &high);
        vec_store_any(to + 2 * i, low);
        vec_store_any(to + 2 * i + VW, high);
    }
    return i;
}

/* The same of positions of any lanes: none where registers do not hold whole positions. */
static inline int64_t weave_join_positions(int64_t lanes, const float *even, const float *odd, int64_t count,
                                           float *to)
{
    switch (weave_lanes(lanes)) {
#define WEAVE_CASE(n)                                                                                        \
    case n:                                                                                                  \
        return weave_join_run(n, even, odd, count, to);
        WEAVE_LANES(WEAVE_CASE)
#undef WEAVE_CASE
    default:
        return 0;
    }
}

#endif
