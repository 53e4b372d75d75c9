/* part.h - a register of columns, of which the last one of an array has only some. */
#ifndef MATH_VEC_LOSS_PART_H
#define MATH_VEC_LOSS_PART_H

#include "math/vec/math.h"

/* The functions of this folder take `count` columns, 1 to VW. They are inlined with VW as a constant for all but the
 * last ones of an array. Nothing behind the columns is read or written. */
VEC_INLINE veci part_load_labels(const int32_t *p, int64_t count)
{
    return (veci)vec_load_some((const float *)(const void *)p, count);
}

VEC_INLINE void part_store_labels(int32_t *p, int64_t count, veci v)
{
    vec_store_some((float *)(void *)p, count, (vec)v);
}

/* The mask of the first `count` columns, which may be negative or beyond VW. */
VEC_INLINE veci part_mask(int64_t count)
{
    static const int32_t order[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    int32_t below = count < 0 ? 0 : count < VW ? (int32_t)count : VW;
    return part_load_labels(order, VW) < below;
}

/* The product as it is rounded, which goes into no fused multiply-add: of a sum of two products only the other one
 * does, in every place and at every level. */
VEC_INLINE vec part_round(vec product)
{
#ifdef __x86_64__
    __asm__("" : "+x"(product));
#elif defined(__aarch64__)
    __asm__("" : "+w"(product));
#endif
    return product;
}

#endif
