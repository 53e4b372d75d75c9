/* sample_values.c - changes the values of samples: logarithms and normal noise. */
#include "core/rng.h"
#include "math/vec/math.h"
#include "math/vec/philox.h"

VEC_INLINE vec noise_root(vec x)
{
    for (int i = 0; i < VW; i++) x[i] = __builtin_sqrtf(x[i]);
    return x;
}

/* Coefficients of a polynomial, of the highest power first. */
VEC_INLINE vec noise_polynomial(const float c[9], vec x)
{
    vec p = vec_all(c[0]);
#pragma GCC unroll 8
    for (int i = 1; i < 9; i++) p = p * x + c[i];
    return p;
}

/* Words to standard normal numbers in [-5.3, 5.3]: sqrt(2) erfinv(x) of odd multiples x of 2^-24 in (-1, 1), with the
 * polynomials of Giles, "Approximating the erfinv function", GPU Computing Gems 2 (2011): relative error 4e-7. */
VEC_INLINE vec noise_normal(vecu words)
{
    static const float inner[9] = {2.81022636e-08f,  3.43273939e-07f, -3.5233877e-06f,
                                   -4.39150654e-06f, 0.00021858087f,  -0.00125372503f,
                                   -0.00417768164f,  0.246640727f,    1.50140941f};
    static const float outer[9] = {-0.000200214257f, 0.000100950558f, 0.00134934322f,
                                   -0.00367342844f,  0.00573950773f,  -0.0076224613f,
                                   0.00943887047f,   1.00167406f,     2.83297682f};
    vec x = __builtin_convertvector((veci)(words >> 8) * 2 - 16777215, vec) * 0x1p-24f; /* exact */
    vec distance = 1.0f - vec_abs(x), w = -vec_log(distance * (2.0f - distance));
    vec near = noise_polynomial(inner, w - 2.5f), far = noise_polynomial(outer, noise_root(w) - 3.0f);
    return vec_select(w < 5.0f, near, far) * x * 1.41421356f;
}

void LEVEL(noise_add)(const struct noise *n, float *x)
{
    philox4x32_key_t key = philox_key(n->seed, RNG_AUGMENT);
    uint32_t low[16] __attribute__((aligned(64))), high[16] __attribute__((aligned(64)));
    for (int i = 0; i < 16; i++)
        low[i] = (uint32_t)n->keys[i], high[i] = (uint32_t)((uint64_t)n->keys[i] >> 32);
    for (int64_t f = 0; f < n->features; f += 4)
        for (int part = 0; part < 16; part += VW) {
            vecu words[4];
            vec std = vec_load(n->std + part);
            philox_rounds(key, n->a + (uint64_t)(f / 4), *(const vecu *)(low + part),
                          *(const vecu *)(high + part), words);
            for (int64_t w = 0; w < 4 && f + w < n->features; w++) {
                float *at = x + (f + w) * n->stride + part;
                vec_store(at, noise_normal(words[w]) * std + vec_load(at));
            }
        }
}

void LEVEL(log1p_rows)(int64_t rows, int64_t stride, int64_t lanes, float *x)
{
    for (int64_t r = 0; r < rows; r++, x += stride)
        for (int64_t i = 0; i < lanes; i += VW) {
            vec value = vec_load(x + i);
            vecu sign = (vecu)value & 0x80000000u;
            vec_store(x + i, (vec)((vecu)vec_log1p(vec_abs(value)) | sign));
        }
}
