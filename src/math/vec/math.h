/* math.h - elementary functions of a vector, from float32 arithmetic alone: libm's differ between machines.
 *
 * Largest errors, in units in the last place of the true result (tests/math/test_vec_math.c measures them
 * against libm's double over the whole range of float32, denormals included):
 *
 *   vec_exp 1.2   vec_expm1 1.6   vec_log 0.9   vec_log1p 1.5   vec_sigmoid 2.2   vec_tanh 2.6
 *
 * Infinities, zeros and arguments outside the domain give what C's functions give, NaN stays NaN. There are
 * no branches. Every expression can be contracted to fused multiply-adds in one way only, so that levels
 * agree. */
#ifndef MATH_VEC_MATH_H
#define MATH_VEC_MATH_H

#include "math/vec/vec.h"

/* ln 2 in two parts: products of the first with integers below 2^14 are exact. */
#define VEC_LN2_HIGH 0.693359375f
#define VEC_LN2_LOW  (-2.12194440e-4f)

VEC_INLINE vec vec_abs(vec x)
{
    return (vec)((veci)x & 0x7fffffff);
}

/* -|x| */
VEC_INLINE vec vec_minus_abs(vec x)
{
    return (vec)((vecu)x | 0x80000000u);
}

/* NaN stays NaN. */
VEC_INLINE vec vec_clamp(vec x, float low, float high)
{
    x = vec_select(x < low, vec_all(low), x);
    return vec_select(x > high, vec_all(high), x);
}

/* 2^n for -127 < n < 128, undefined elsewhere */
VEC_INLINE vec vec_power_of_two(veci n)
{
    return (vec)(((vecu)n + 127u) << 23);
}

/* x = n ln 2 + r with |r| <= ln 2 / 2 (Cody and Waite), for |x| < 2^21. */
struct vec_reduced {
    vec r;
    veci n;
};

VEC_INLINE struct vec_reduced vec_reduce(vec x)
{
    const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */
    vec shifted = x * 1.44269504088896341f + magic;
    vec n = shifted - magic;
    vec r = x - n * VEC_LN2_HIGH;
    return (struct vec_reduced){r - n * VEC_LN2_LOW, (veci)((vecu)shifted - (vecu)vec_all(magic))};
}

/* (exp(r) - 1 - r) / r^2, a Taylor polynomial: with it exp(r) is of degree 7. */
VEC_INLINE vec vec_exp_tail(vec r)
{
    vec p = vec_all(1.0f / 5040);
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    return p * r + 0.5f;
}

VEC_INLINE vec vec_exp_reduced(vec r)
{
    vec p = vec_exp_tail(r) * r + 1.0f;
    return p * r + 1.0f;
}

/* exp(x) for x <= 0, a little faster than vec_exp: 0 below -87, undefined for NaN. */
VEC_INLINE vec vec_exp_nonpositive(vec x)
{
    struct vec_reduced a = vec_reduce(x);
    /* undefined below -87, where it is not used */
    vec result = (vec)((vecu)vec_exp_reduced(a.r) + ((vecu)a.n << 23));
    return vec_select(x < -87.0f, vec_all(0), result);
}

/* Two factors, because 2^n alone may be too large or too small where the result is not. */
VEC_INLINE vec vec_exp(vec x)
{
    struct vec_reduced a = vec_reduce(vec_clamp(x, -104.0f, 89.0f));
    veci half = a.n >> 1;
    return vec_exp_reduced(a.r) * vec_power_of_two(half) * vec_power_of_two(a.n - half);
}

/* 2^n (exp(r) - 1) + (2^n - 1), in halves of it so that 2^n does not overflow before the result does. */
VEC_INLINE vec vec_expm1(vec x)
{
    struct vec_reduced a = vec_reduce(vec_clamp(x, -18.0f, 89.0f));
    vec q = vec_exp_tail(a.r) * (a.r * a.r) + a.r;
    vec half = vec_power_of_two(a.n - 1);
    return 2.0f * (q * half + (half - 0.5f));
}

/* log(2^e (1 + f)) for f in [sqrt(1/2) - 1, sqrt(2) - 1]: (log(1 + f) - f + f^2 / 2) / f^3 is a minimax
 * polynomial. */
VEC_INLINE vec vec_log_reduced(vec f, veci exponent)
{
    vec e = __builtin_convertvector(exponent, vec), p = vec_all(-0.076345004f);
    p = p * f + 0.1276158f;
    p = p * f - 0.13160183f;
    p = p * f + 0.14201757f;
    p = p * f - 0.16623357f;
    p = p * f + 0.20001227f;
    p = p * f - 0.2500082f;
    p = p * f + 0.3333333f;
    p = p * f - 0.5f;
    vec low = e * VEC_LN2_LOW;
    vec sum = p * (f * f) + low;
    sum = sum + f;
    return e * VEC_LN2_HIGH + sum;
}

/* x = 2^e (1 + f) as above, of a positive normal x. */
struct vec_split {
    vec f;
    veci e;
};

VEC_INLINE struct vec_split vec_log_split(vec x)
{
    veci e = (veci)((vecu)x - 0x3f3504f3u) >> 23; /* the bits of sqrt(1/2) */
    return (struct vec_split){(vec)((vecu)x - ((vecu)e << 23)) - 1.0f, e};
}

/* `result` where x is positive and finite; elsewhere the limits of the logarithm. */
VEC_INLINE vec vec_log_limits(vec x, vec result)
{
    const vec infinity = vec_all(__builtin_inff());
    vec outside = vec_select(x == 0.0f, -infinity, vec_all(__builtin_nanf("")));
    return vec_select(x > 0.0f, vec_select(x == infinity, infinity, result), outside);
}

VEC_INLINE vec vec_log(vec x)
{
    veci small = x < 1.17549435e-38f; /* denormal */
    struct vec_split s = vec_log_split(vec_select(small, x * 8388608.0f, x));
    return vec_log_limits(x, vec_log_reduced(s.f, s.e - (small & 23)));
}

/* log(u + c), where u is 1 + x rounded and c what was lost: it goes into f. Beyond 2^24 it does not
 * matter. */
VEC_INLINE vec vec_log1p(vec x)
{
    vec u = 1.0f + x, lost = x - (u - 1.0f);
    struct vec_split s = vec_log_split(u);
    vec share = vec_select(x < 16777216.0f, lost * vec_power_of_two(-s.e), vec_all(0));
    return vec_log_limits(u, vec_log_reduced(s.f + share, s.e));
}

/* share = 1 / (1 + exp(-x)) and rest = 1 - share, both with all their digits. */
struct vec_shares {
    vec share, rest;
};

VEC_INLINE struct vec_shares vec_sigmoid_both(vec x)
{
    vec e = vec_exp(vec_minus_abs(x)), larger = 1.0f / (1.0f + e), smaller = e * larger;
    veci negative = x < 0.0f;
    return (struct vec_shares){vec_select(negative, smaller, larger), vec_select(negative, larger, smaller)};
}

VEC_INLINE vec vec_sigmoid(vec x)
{
    vec e = vec_exp(vec_minus_abs(x));
    return vec_select(x < 0.0f, e, vec_all(1)) / (1.0f + e);
}

VEC_INLINE vec vec_tanh(vec x)
{
    vec t = vec_expm1(2.0f * vec_minus_abs(x)); /* in [-1, 0] */
    vec size = vec_abs(t) / (2.0f + t);
    return (vec)((vecu)size | ((vecu)x & 0x80000000u));
}

#endif
