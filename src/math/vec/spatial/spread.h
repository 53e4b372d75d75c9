/* spread.h - vectors of outputs whose inputs lie apart: positions of a few lanes, `stride` positions from
 * each other.
 *
 * With 1, 2, 4 ... lanes a vector holds whole positions. At stride 2 their inputs are every second position
 * of two vectors, which one permutation finds; otherwise they are moved one by one. */
#ifndef MATH_VEC_SPATIAL_SPREAD_H
#define MATH_VEC_SPATIAL_SPREAD_H

#include <stdbool.h>

#include "math/vec/vec.h"

/* How the inputs of neighbouring outputs lie. */
enum spread_form {
    SPREAD_WHOLE,  /* side by side, as many as fill vectors */
    SPREAD_NEAR,   /* side by side */
    SPREAD_SECOND, /* every second position */
    SPREAD_FAR,    /* as `at` says */
};

struct spread {
    int64_t lanes, stride;
    int32_t at[VW]; /* of an element, in floats from the first one */

    /* Of two vectors, as indices of vec_pick: elements of every second position, where the second vector
     * begins lanes before the end of the first and so does not reach beyond them; ... */
    veci second;
    veci into_first, into_second; /* ... those two vectors with other elements there; ... */
    veci weave_low, weave_high;   /* ... and 2 VW elements, the positions of two vectors in turn */
};

/* Element i is element from[i] of a, or element from[i] - VW of b. */
VEC_INLINE vec vec_pick(vec a, vec b, veci from)
{
#if defined(__AVX512F__)
    return (vec)_mm512_permutex2var_ps((__m512)a, (__m512i)from, (__m512)b);
#elif defined(__AVX2__)
    __m256 of_a = _mm256_permutevar8x32_ps((__m256)a, (__m256i)from);
    __m256 of_b = _mm256_permutevar8x32_ps((__m256)b, (__m256i)from);
    return (vec)_mm256_blendv_ps(of_a, of_b, _mm256_castsi256_ps(_mm256_slli_epi32((__m256i)from, 28)));
#else
    vec picked;
    for (int i = 0; i < VW; i++) picked[i] = from[i] < VW ? a[from[i]] : b[from[i] - VW];
    return picked;
#endif
}

/* Element i is element from[i] of a. */
VEC_INLINE vec vec_permute(vec a, veci from)
{
#if defined(__AVX512F__)
    return (vec)_mm512_permutexvar_ps((__m512i)from, (__m512)a);
#elif defined(__AVX2__)
    return (vec)_mm256_permutevar8x32_ps((__m256)a, (__m256i)from);
#else
    vec permuted;
    for (int i = 0; i < VW; i++) permuted[i] = a[from[i]];
    return permuted;
#endif
}

/* Whether a vector holds whole positions, and more than one. */
VEC_INLINE bool spread_fits(int64_t lanes)
{
    return lanes < VW && VW % lanes == 0;
}

static inline struct spread spread_of(int64_t lanes, int64_t stride)
{
    struct spread s = {.lanes = lanes, .stride = stride};
    for (int32_t i = 0; spread_fits(lanes) && i < VW; i++) {
        int32_t n = (int32_t)lanes, position = i / n, lane = i % n, second = 2 * position * n + lane;
        int32_t low = position, high = position + VW / n - 1, next = position + VW / n;
        s.at[i] = (int32_t)(position * stride) * n + lane;
        s.second[i] = second < VW ? second : second + n;
        s.into_first[i] = low % 2 ? i : VW + low / 2 * n + lane;
        s.into_second[i] = high % 2 ? i : VW + high / 2 * n + lane;
        s.weave_low[i] = low % 2 * VW + low / 2 * n + lane;
        s.weave_high[i] = next % 2 * VW + next / 2 * n + lane;
    }
    return s;
}

VEC_INLINE bool spread_is_near(const enum spread_form form)
{
    return form == SPREAD_WHOLE || form == SPREAD_NEAR;
}

/* Returns how many floats further the inputs of the next float of outputs are. */
VEC_INLINE int64_t spread_stride(const enum spread_form form, const struct spread *s)
{
    return spread_is_near(form) ? 1 : s->stride;
}

/* The first `count` inputs of a vector, or (`cut` false) all. */
VEC_INLINE vec spread_load(const enum spread_form form, const struct spread *s, const bool cut, int64_t count,
                           const float *from)
{
    if (spread_is_near(form)) return cut ? vec_load_part(from, count) : vec_load_any(from);
    if (form == SPREAD_SECOND && !cut)
        return vec_pick(vec_load_any(from), vec_load_any(from + VW - s->lanes), s->second);
    float found[VW] = {0};
    for (int i = 0; i < VW; i++)
        if (!cut || i < count) found[i] = from[s->at[i]];
    return vec_load_any(found);
}

VEC_INLINE void spread_store(const enum spread_form form, const struct spread *s, const bool cut,
                             int64_t count, float *to, vec v)
{
    if (spread_is_near(form)) {
        if (cut)
            vec_store_part(to, count, v);
        else
            vec_store_any(to, v);
    } else if (form == SPREAD_SECOND && !cut) {
        float *behind = to + VW - s->lanes;
        vec low = vec_pick(vec_load_any(to), v, s->into_first);
        vec high = vec_pick(vec_load_any(behind), v, s->into_second);
        vec_store_any(to, low);
        vec_store_any(behind, high);
    } else {
        for (int i = 0; i < VW; i++)
            if (!cut || i < count) to[s->at[i]] = v[i];
    }
}

#endif
