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
    VEC_UNROLL
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

/* Of 16 samples, each vector holds one draw. */
static void noise_add_side_by_side(const struct noise *n, philox4x32_key_t key, float *x)
{
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
                vec_store_any(at, noise_normal(words[w]) * std + vec_load_any(at));
            }
        }
}

/* Of fewer, a vector holds draws one behind the other: of all samples, then the next one of all samples. */
static void noise_add_in_turn(const struct noise *n, philox4x32_key_t key, float *x)
{
    int64_t group = 0, sample = 0; /* of the next draw */
    while (4 * group < n->features) {
        uint32_t counter[4][VW] __attribute__((aligned(64)));
        vecu words[4], c[4];
        int64_t groups[VW], samples[VW];
        for (int i = 0; i < VW; i++) {
            uint64_t a = n->a + (uint64_t)group, b = (uint64_t)n->keys[sample];
            counter[0][i] = (uint32_t)a, counter[1][i] = (uint32_t)(a >> 32);
            counter[2][i] = (uint32_t)b, counter[3][i] = (uint32_t)(b >> 32);
            groups[i] = group, samples[i] = sample;
            if (++sample == n->lanes) sample = 0, group++;
        }
        memcpy(c, counter, sizeof c);
        philox_rounds_of(key, c[0], c[1], c[2], c[3], words);
        for (int64_t w = 0; w < 4; w++) {
            float normal[VW];
            vec_store_any(normal, noise_normal(words[w]));
            for (int i = 0; i < VW && 4 * groups[i] + w < n->features; i++) {
                float *at = x + (4 * groups[i] + w) * n->stride + samples[i];
                *at = normal[i] * n->std[samples[i]] + *at;
            }
        }
    }
}

void LEVEL(noise_add)(const struct noise *n, float *x)
{
    philox4x32_key_t key = philox_key(n->seed, RNG_AUGMENT);
    if (n->lanes == 16)
        noise_add_side_by_side(n, key, x);
    else
        noise_add_in_turn(n, key, x);
}

VEC_INLINE vec log1p_signed(vec x)
{
    vecu sign = (vecu)x & 0x80000000u;
    return (vec)((vecu)vec_log1p(vec_abs(x)) | sign);
}

void LEVEL(log1p_rows)(int64_t rows, int64_t stride, int64_t lanes, float *x)
{
    for (int64_t r = 0; r < rows; r++, x += stride) {
        int64_t i = 0;
        for (; i + VW <= lanes; i += VW) vec_store_any(x + i, log1p_signed(vec_load_any(x + i)));
        if (i < lanes) vec_store_part(x + i, lanes - i, log1p_signed(vec_load_part(x + i, lanes - i)));
    }
}
