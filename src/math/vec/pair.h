/* pair.h - pairs of bfloat16, which products of train.precision: bf16 take in place of floats.
 *
 * A word holds two elements that follow each other in a sum, the first in its lower half. What is added for a word
 * is fma(a.first, b.first, fma(a.second, b.second, sum)), as the instruction vdpbf16ps computes it: in float32, with
 * subnormal sums counting as zeros, before and after each of the two. Without the instruction two fused
 * multiply-adds in the same order give the same bits: a half is a float whose lower bits are zeros. */
#ifndef MATH_VEC_PAIR_H
#define MATH_VEC_PAIR_H

#include <stdbool.h>

#include "math/vec/vec.h"

/* How two vectors are multiplied: floats as they are, one half of each word, or words by the instruction. */
enum pair_part { PAIR_FLOATS, PAIR_FIRST, PAIR_SECOND, PAIR_WORDS };

#define PAIR_UPPER 0xffff0000u

/* Whether the CPU, and the level, have the instruction. */
VEC_INLINE bool pair_has_instruction(void)
{
#if defined(__AVX512F__)
    return __builtin_cpu_supports("avx512bf16");
#else
    return false;
#endif
}

/* Between begin and end subnormal numbers count as zeros in all arithmetic, as they do for the instruction. */
VEC_INLINE unsigned pair_begin(void)
{
#if defined(__SSE__)
    unsigned mode = _mm_getcsr();
    _mm_setcsr(mode | _MM_FLUSH_ZERO_ON | 0x40); /* 0x40: of inputs */
    return mode;
#else
    return 0;
#endif
}

VEC_INLINE void pair_end(unsigned mode)
{
#if defined(__SSE__)
    _mm_setcsr(mode);
#else
    (void)mode;
#endif
}

/* The upper halves become the nearest bfloat16, the even one of two; the lower halves are of no use. Subnormals become
 * zeros, and NaN remains NaN: adding to its bits might make it infinite, or zero. */
VEC_INLINE vecu pair_round(vec x)
{
    vecu bits = (vecu)x;
    veci size = (veci)(bits & 0x7fffffffu);
    vecu nan = (vecu)(size > 0x7f800000), small = (vecu)(size < 0x00800000);
    vecu nearest = bits + 0x7fffu + (bits >> 16 & 1u);
    vecu finite = (nearest & ~small) | (bits & 0x80000000u & small);
    return (finite & ~nan) | ((bits | 0x00400000u) & nan);
}

VEC_INLINE vec pair_of(vec first, vec second)
{
    return (vec)(pair_round(first) >> 16 | (pair_round(second) & PAIR_UPPER));
}

/* to[i] = the pair of first[i] and second[i]; of zeros, if `second` is NULL. `to` may be `first`, or lie before it. */
VEC_INLINE void pair_rows(const float *first, const float *second, int64_t count, float *to)
{
    for (int64_t i = 0; i < count; i += VW) {
        vec low = vec_load_some(first + i, count - i);
        vec high = second ? vec_load_some(second + i, count - i) : (vec){0};
        vec_store_some(to + i, count - i, pair_of(low, high));
    }
}

/* A word in all elements. */
VEC_INLINE vec pair_all(const void *word)
{
    uint32_t bits;
    memcpy(&bits, word, sizeof bits);
    return (vec)(bits + (vecu){0});
}

/* Those halves of words that are multiplied next, as floats. */
VEC_INLINE vec pair_take(const enum pair_part part, vec words)
{
    if (part == PAIR_FIRST) return (vec)((vecu)words << 16);
    if (part == PAIR_SECOND) return (vec)((vecu)words & PAIR_UPPER);
    return words;
}

/* sum + a * b, each of which went through pair_take. */
VEC_INLINE vec pair_add(const enum pair_part part, vec sum, vec a, vec b)
{
#if defined(__AVX512F__)
    if (part == PAIR_WORDS) { /* as assembly: the level does not have it, only some of its CPUs */
        __asm__("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
        return sum;
    }
#endif
    (void)part;
    return sum + a * b;
}

#endif
