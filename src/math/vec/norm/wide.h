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

VEC_INLINE narrow narrow_keep(narrowi mask, narrow x)
{
    return (narrow)((narrowi)x & mask);
}

VEC_INLINE wide wide_of(narrow x)
{
    return __builtin_convertvector(x, wide);
}

/* Masks of the first `live` lanes of 16 begin here: all ones there, zeros behind. */
VEC_INLINE const int32_t *wide_mask_of(int64_t live)
{
    static const int32_t table[32] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
    return table + 16 - live;
}

VEC_INLINE narrowi narrow_load_mask(const int32_t *p)
{
    narrowi mask;
    memcpy(&mask, p, sizeof mask);
    return mask;
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
