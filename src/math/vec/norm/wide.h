/* wide.h - sums in double of numbers in float32.
 *
 * A product of two floats is exact in double, so it makes no difference whether it is contracted to a fused
 * multiply-add: all levels give the same bits. */
#ifndef MATH_VEC_NORM_WIDE_H
#define MATH_VEC_NORM_WIDE_H

#include "math/vec/vec.h"

/* Half a register of floats, which fills one as doubles. */
#define WIDE       (VW / 2)
#define WIDE_PARTS (16 / WIDE) /* of 16 lanes */

typedef double wide __attribute__((vector_size(VW * 4), may_alias));
typedef float narrow __attribute__((vector_size(VW * 2), may_alias, aligned(4)));
typedef int32_t narrowi __attribute__((vector_size(VW * 2), may_alias));

VEC_INLINE narrow narrow_load(const float *p)
{
    return *(const narrow *)p;
}

/* The first `count` elements, at most WIDE, and zeros. */
VEC_INLINE narrow narrow_load_part(const float *p, int64_t count)
{
#if defined(__AVX512F__)
    return (narrow)_mm256_maskz_loadu_ps((__mmask8)((1u << count) - 1), p);
#elif defined(__AVX2__)
    __m128i wanted = _mm_cmpgt_epi32(_mm_set1_epi32((int)count), _mm_setr_epi32(0, 1, 2, 3));
    return (narrow)_mm_maskload_ps(p, wanted);
#else
    narrow v = {0};
    memcpy(&v, p, (size_t)count * sizeof *p);
    return v;
#endif
}

VEC_INLINE narrow narrow_keep(narrowi mask, narrow x)
{
    return (narrow)((narrowi)x & mask);
}

/* By name where there is an instruction: gcc 12 makes halves of the built-in conversion, through memory. */
VEC_INLINE wide wide_of(narrow x)
{
#if defined(__AVX512F__)
    return (wide)_mm512_cvtps_pd((__m256)x);
#elif defined(__AVX__)
    return (wide)_mm256_cvtps_pd((__m128)x);
#else
    return __builtin_convertvector(x, wide);
#endif
}

/* Copies `count` floats, at most 16; zeros behind them. */
VEC_INLINE void wide_copy_part(const float *from, int64_t count, float to[16])
{
    for (int i = 0; i < 16; i += VW) vec_store(to + i, vec_load_part(from + i, vec_part_count(count - i)));
}

/* The one order in which 16 sums are added: halves onto halves. */
VEC_INLINE double wide_sum16(const double v[16])
{
    double s8[8], s4[4];
    for (int i = 0; i < 8; i++) s8[i] = v[i] + v[i + 8];
    for (int i = 0; i < 4; i++) s4[i] = s8[i] + s8[i + 4];
    return (s4[0] + s4[2]) + (s4[1] + s4[3]);
}

#endif
