/* vec.h - the vector type of the level this file is compiled for, and what the kernel files share.
 *
 * VW floats fill one register of the level. A vector always has 16 elements, whatever the level: 16 / VW
 * registers. Where the elements of a vector are added to each other, they are added in the order of
 * vec_sum16. A lane is one sample's place in such a vector. */
#ifndef MATH_VEC_VEC_H
#define MATH_VEC_VEC_H

#include <stdint.h>
#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "math/kernels.h"

#define VEC_JOIN_(a, b) a##_##b
#define VEC_JOIN(a, b)  VEC_JOIN_(a, b)
#define LEVEL(name)     VEC_JOIN(name, KERNEL_LEVEL) /* conv_forward -> conv_forward_v4 */

#if defined(__AVX512F__)
#define VW            16
#define VEC_REGISTERS 32
#elif defined(__AVX__)
#define VW            8
#define VEC_REGISTERS 16
#elif defined(__aarch64__)
#define VW            4
#define VEC_REGISTERS 32
#else
#define VW            4
#define VEC_REGISTERS 16
#endif
#define VEC_PARTS (16 / VW)

typedef float vec __attribute__((vector_size(VW * 4), may_alias));
typedef int32_t veci __attribute__((vector_size(VW * 4), may_alias));
typedef uint32_t vecu __attribute__((vector_size(VW * 4), may_alias)); /* wraps around where veci must not */

#define VEC_TREE_LEVELS 16 /* log2 of the maximum of leaves in a pass */

#define VEC_INLINE static inline __attribute__((always_inline))

/* A loop that is written out whole, before anything else is decided about it: arrays of vectors, indexed by its
 * counter, are registers then. */
#ifdef __clang__
#define VEC_UNROLL _Pragma("clang loop unroll(full)")
#else
#define VEC_UNROLL _Pragma("GCC unroll 32")
#endif
#define VEC_EACH(i, count)                                                                                   \
    VEC_UNROLL                                                                                               \
    for (int i = 0; i < (count); i++)

VEC_INLINE vec vec_load(const float *p)
{
    return *(const vec *)p;
}

VEC_INLINE void vec_store(float *p, vec v)
{
    *(vec *)p = v;
}

/* The same where only the alignment of a float is known. */
typedef float vec_any __attribute__((vector_size(VW * 4), may_alias, aligned(4)));

VEC_INLINE vec vec_load_any(const float *p)
{
    return *(const vec_any *)p;
}

VEC_INLINE void vec_store_any(float *p, vec v)
{
    *(vec_any *)p = v;
}

/* The first `count` elements, at most VW: the others are zeros, or are not written. What lies behind them in
 * memory is not touched. */
#if defined(__AVX512F__)
VEC_INLINE vec vec_load_part(const float *p, int64_t count)
{
    return (vec)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p);
}

VEC_INLINE void vec_store_part(float *p, int64_t count, vec v)
{
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), (__m512)v);
}
#elif defined(__AVX2__)
VEC_INLINE __m256i vec_part_mask(int64_t count)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

VEC_INLINE vec vec_load_part(const float *p, int64_t count)
{
    return (vec)_mm256_maskload_ps(p, vec_part_mask(count));
}

/* In parts of 4, 2 and 1: some machines take a dozen cycles for a masked store. */
VEC_INLINE void vec_store_part(float *p, int64_t count, vec v)
{
    __m128 rest = _mm256_castps256_ps128((__m256)v);
    if (count & 4) {
        _mm_storeu_ps(p, rest);
        rest = _mm256_extractf128_ps((__m256)v, 1), p += 4;
    }
    if (count & 2) {
        _mm_storel_pi((__m64 *)p, rest);
        rest = _mm_movehl_ps(rest, rest), p += 2;
    }
    if (count & 1) _mm_store_ss(p, rest);
    if (count & 8) _mm256_storeu_ps(p, (__m256)v);
}
#else
VEC_INLINE vec vec_load_part(const float *p, int64_t count)
{
    vec v = {0};
    memcpy(&v, p, (size_t)count * sizeof *p);
    return v;
}

VEC_INLINE void vec_store_part(float *p, int64_t count, vec v)
{
    memcpy(p, &v, (size_t)count * sizeof *p);
}
#endif

/* How many of `left` elements, which may be none or less than none, go into one register. */
VEC_INLINE int64_t vec_part_count(int64_t left)
{
    return left < 0 ? 0 : left < VW ? left : VW;
}

/* The first `count` elements where they may be all: the last register of a run, or any before it. */
VEC_INLINE vec vec_load_some(const float *p, int64_t count)
{
    return count >= VW ? vec_load_any(p) : vec_load_part(p, count);
}

VEC_INLINE void vec_store_some(float *p, int64_t count, vec v)
{
    if (count >= VW)
        vec_store_any(p, v);
    else
        vec_store_part(p, count, v);
}

/* As many doubles, for sums. */
typedef double vecd __attribute__((vector_size(VW * 8), may_alias));

VEC_INLINE vec vec_all(float value)
{
    return value - (vec){0};
}

/* mask ? a : b, element by element; an element of the mask is all ones or all zeros */
VEC_INLINE vec vec_select(veci mask, vec a, vec b)
{
    return (vec)((mask & (veci)a) | (~mask & (veci)b));
}

/* A ReLU with an upper limit, which may be RELU_UNLIMITED. NaN passes through, as in torch.relu, so that a diverged run
 * is visible in its loss. */
VEC_INLINE vec vec_relu(float limit, vec x)
{
    x = vec_select((veci)(x < 0.0f), (vec){0}, x);
    return vec_select((veci)(x > limit), vec_all(limit), x);
}

/* Its gradient, from the output or the input; that of NaN passes, too. */
VEC_INLINE vec vec_relu_gradient(float limit, vec y, vec dy)
{
    return vec_select((veci)(y <= 0.0f) | (veci)(y >= limit), (vec){0}, dy);
}

/* The one order in which the 16 elements of a vector are added: halves onto halves. */
VEC_INLINE float vec_sum16(const float v[16])
{
    float s8[8], s4[4];
    for (int i = 0; i < 8; i++) s8[i] = v[i] + v[i + 8];
    for (int i = 0; i < 4; i++) s4[i] = s8[i] + s8[i + 4];
    return (s4[0] + s4[2]) + (s4[1] + s4[3]);
}

/* Every kernel, under its name in this level. */
#define KERNEL(type, name, parameters) type LEVEL(name) parameters;
#include "math/kernel_list.h"
#undef KERNEL

#endif
