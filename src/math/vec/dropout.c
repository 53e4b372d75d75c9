/* dropout.c - dropout: draws, masks, and their use forward and backward. */
#include "core/rng.h"
#include "math/vec/philox.h"

/* Draws four words for each of 16 samples: out[word][sample]. */
VEC_INLINE void dropout_draw16(philox4x32_key_t key, uint64_t a, uint32_t group, uint32_t sample,
                               uint32_t out[4][16])
{
    for (uint32_t part = 0; part < 16; part += VW) {
        vecu words[4];
        philox_draw(key, a, sample + part, group, words);
        for (int w = 0; w < 4; w++) *(vecu *)(out[w] + part) = words[w];
    }
}

/* Bit i of `keep` belongs to lane i. */
VEC_INLINE void dropout_apply(uint16_t keep, float scale, const float *x, float *y)
{
    static const int32_t bits[16]
        __attribute__((aligned(64))) = {1 << 0, 1 << 1, 1 << 2,  1 << 3,  1 << 4,  1 << 5,  1 << 6,  1 << 7,
                                        1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14, 1 << 15};
    for (int i = 0; i < 16; i += VW) {
        veci kept = (*(const veci *)(bits + i) & (int32_t)keep) != 0;
        vec_store(y + i, vec_select(kept, vec_load(x + i) * scale, (vec){0}));
    }
}

/* Bit i: element i of the mask, whose elements are all ones or all zeros. */
VEC_INLINE uint32_t dropout_mask_bits(veci mask)
{
#if defined(__AVX512DQ__)
    return _mm512_movepi32_mask((__m512i)mask);
#elif defined(__AVX__)
    return (uint32_t)_mm256_movemask_ps((__m256)mask);
#elif defined(__x86_64__)
    return (uint32_t)_mm_movemask_ps((__m128)mask);
#else
    uint32_t bits = 0;
    for (uint32_t i = 0; i < VW; i++) bits |= (uint32_t)(mask[i] & 1) << i;
    return bits;
#endif
}

/* Bit i: word i is not below the threshold. */
VEC_INLINE uint16_t dropout_kept_bits(const uint32_t words[16], uint32_t threshold)
{
    uint32_t bits = 0;
    for (uint32_t part = 0; part < 16; part += VW)
        bits |= dropout_mask_bits((veci)(*(const vecu *)(words + part) >= threshold)) << part;
    return (uint16_t)bits;
}

/* Each feature by its bits. */
static void dropout_apply_all(const struct dropout_draw *d, const uint16_t *keep, const float *x, float *y)
{
    float scale = 1.0f / (1.0f - d->p);
    int64_t groups = d->lanes / 16;
    for (int64_t f = 0; f < d->features; f++, keep += groups)
        for (int64_t i = 0; i < d->together; i++, x += d->lanes, y += d->lanes)
            for (int64_t g = 0; g < groups; g++) dropout_apply(keep[g], scale, x + g * 16, y + g * 16);
}

void LEVEL(dropout_forward)(const struct dropout_draw *d, const float *x, float *y, uint16_t *keep)
{
    philox4x32_key_t key = philox_key(d->seed, RNG_DROPOUT);
    uint64_t a = (uint64_t)(d->layer >> 8) << 56 | d->step << 8 | (d->layer & 255);
    /* a word is dropped when it is below p * 2^32 */
    uint32_t threshold = (uint32_t)((double)d->p * 4294967296.0);
    float scale = 1.0f / (1.0f - d->p);
    int64_t groups = d->lanes / 16, of_leaf = groups / d->leaves;
    for (int64_t f = 0; f < d->features; f += 4)
        for (int64_t g = 0; g < groups; g++) {
            uint32_t words[4][16] __attribute__((aligned(64)));
            uint32_t sample = (uint32_t)(d->first_samples[g / of_leaf] + g % of_leaf * 16);
            dropout_draw16(key, a, (uint32_t)(f / 4), sample, words);
            for (int64_t w = 0; w < 4 && f + w < d->features; w++) {
                uint16_t bits = dropout_kept_bits(words[w], threshold);
                keep[(f + w) * groups + g] = bits;
                int64_t at = (f + w) * d->lanes + g * 16;
                if (d->together == 1) dropout_apply(bits, scale, x + at, y + at);
            }
        }
    if (d->together > 1) dropout_apply_all(d, keep, x, y);
}

void LEVEL(dropout_backward)(const struct dropout_draw *d, const uint16_t *keep, const float *dy, float *dx)
{
    dropout_apply_all(d, keep, dy, dx);
}
