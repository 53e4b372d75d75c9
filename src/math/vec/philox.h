/* philox.h - the words of rng_words (philox4x32-10) for VW samples at once: the samples are the vector. */
#ifndef MATH_VEC_PHILOX_H
#define MATH_VEC_PHILOX_H

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/philox.h"
#include "math/vec/vec.h"

typedef uint64_t vecl __attribute__((vector_size(VW * 4), may_alias));

/* The products of the lower halves of 64-bit elements. GCC's own multiplication of such vectors takes three
 * times as long, because it does not see that the upper halves are not needed. */
VEC_INLINE vecl multiply_low(vecl a, vecl b)
{
#if defined(__AVX512F__)
    return (vecl)_mm512_mul_epu32((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
    return (vecl)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#elif defined(__x86_64__)
    return (vecl)_mm_mul_epu32((__m128i)a, (__m128i)b);
#else
    return (a & 0xFFFFFFFFu) * (b & 0xFFFFFFFFu);
#endif
}

/* Both halves of factor * in, computed for even and odd elements apart. */
VEC_INLINE void multiply_wide(uint32_t factor, vecu in, vecu *high, vecu *low)
{
    const vecl lower = (vecl){0} + 0xFFFFFFFFu, by = (vecl){0} + factor;
    vecl even = multiply_low((vecl)in, by), odd = multiply_low((vecl)in >> 32, by);
    *high = (vecu)(even >> 32 | (odd & ~lower));
    *low = (vecu)((even & lower) | odd << 32);
}

/* The words of counters whose four words are vectors, the lowest one first. */
VEC_INLINE void philox_rounds_of(philox4x32_key_t key, vecu c0, vecu c1, vecu c2, vecu c3, vecu words[4])
{
    VEC_UNROLL
    for (uint32_t round = 0; round < 10; round++) {
        vecu high0, low0, high1, low1;
        multiply_wide(PHILOX_M4x32_0, c0, &high0, &low0);
        multiply_wide(PHILOX_M4x32_1, c2, &high1, &low1);
        c0 = high1 ^ c1 ^ (key.v[0] + round * PHILOX_W32_0);
        c1 = low1;
        c2 = high0 ^ c3 ^ (key.v[1] + round * PHILOX_W32_1);
        c3 = low0;
    }
    words[0] = c0, words[1] = c1, words[2] = c2, words[3] = c3;
}

/* The words of counters (a, b), whose halves of b are vectors. */
VEC_INLINE void philox_rounds(philox4x32_key_t key, uint64_t a, vecu c2, vecu c3, vecu words[4])
{
    philox_rounds_of(key, (uint32_t)a - (vecu){0}, (uint32_t)(a >> 32) - (vecu){0}, c2, c3, words);
}

/* words[w][i] is word w of sample + i; a and group as for rng_words. */
VEC_INLINE void philox_draw(philox4x32_key_t key, uint64_t a, uint32_t sample, uint32_t group, vecu words[4])
{
    vecu samples;
    for (uint32_t i = 0; i < VW; i++) samples[i] = sample + i;
    philox_rounds(key, a, samples, group - (vecu){0}, words);
}

#endif
