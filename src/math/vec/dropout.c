/* dropout.c - dropout: draws, masks, and their use forward and backward.
 *
 * A draw gives the words of four features of a sample. Most often the samples of 16 lanes are drawn at once. Of
 * few lanes that fill no register, several groups of four features are, and their words are woven into the
 * order of the elements. */
#include "core/rng.h"
#include "math/vec/philox.h"

#define FEW   64  /* lanes; from here on the ends of rows take little of the time */
#define PAIRS 256 /* draws at once, of few lanes */

/* What the draws of a call have in common. */
struct dropout_key {
    philox4x32_key_t key;
    uint64_t a;
    uint32_t threshold; /* a word below it drops its element */
};

static struct dropout_key dropout_make_key(const struct dropout_draw *d)
{
    return (struct dropout_key){philox_key(d->seed, RNG_DROPOUT),
                                (uint64_t)(d->layer >> 8) << 56 | d->step << 8 | (d->layer & 255),
                                (uint32_t)((double)d->p * 4294967296.0)};
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

/* The mask of the bits that begin with bit `first`. */
VEC_INLINE veci dropout_mask(uint32_t bits, int first)
{
    static const int32_t places[16]
        __attribute__((aligned(64))) = {1 << 0, 1 << 1, 1 << 2,  1 << 3,  1 << 4,  1 << 5,  1 << 6,  1 << 7,
                                        1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14, 1 << 15};
    return (*(const veci *)(places + first) & (int32_t)bits) != 0;
}

/* `count` elements, at most 16. Bit i belongs to element i. */
VEC_INLINE void dropout_apply(uint32_t bits, float scale, int64_t count, const float *x, float *y)
{
    for (int i = 0; i < 16; i += VW) {
        veci kept = dropout_mask(bits, i);
        if (count == 16) {
            vec_store_any(y + i, vec_select(kept, vec_load_any(x + i) * scale, (vec){0}));
        } else if (i < count) {
            int64_t part = vec_part_count(count - i);
            vec value = vec_load_part(x + i, part) * scale;
            vec_store_part(y + i, part, vec_select(kept, value, (vec){0}));
        }
    }
}

/* The bits of `count` elements, at most 16, from element `at` on; and those behind them, of any value. */
VEC_INLINE uint32_t dropout_get_bits(const uint16_t *keep, int64_t at, int64_t count)
{
    int64_t shift = at % 16;
    uint32_t bits = (uint32_t)keep[at / 16] >> shift;
    return shift + count > 16 ? bits | (uint32_t)keep[at / 16 + 1] << (16 - shift) : bits;
}

/* Writes them where there were zeros; bits from `count` on are zeros. */
VEC_INLINE void dropout_put_bits(uint16_t *keep, int64_t at, uint32_t bits)
{
    uint32_t moved = bits << at % 16;
    keep[at / 16] |= (uint16_t)moved;
    if (moved >> 16) keep[at / 16 + 1] |= (uint16_t)(moved >> 16);
}

/* Of few lanes: the elements of a feature have the same bits again and again, `lanes` of them. */
static void dropout_apply_repeated(const struct dropout_draw *d, float scale, int64_t first_bit,
                                   const uint16_t *keep, const float *x, float *y)
{
    int32_t masks[FEW + 16];
    int64_t count = d->together * d->lanes, step = VW % d->lanes, i = 0, lane = 0;
    for (int64_t n = 0; n < d->lanes + VW; n++)
        masks[n] = dropout_get_bits(keep, first_bit + n % d->lanes, 1) & 1 ? -1 : 0;
    for (; i + VW <= count; i += VW) {
        veci kept;
        memcpy(&kept, masks + lane, sizeof kept);
        vec_store_any(y + i, vec_select(kept, vec_load_any(x + i) * scale, (vec){0}));
        lane += step;
        if (lane >= d->lanes) lane -= d->lanes;
    }
    for (; i < count; i++, lane++) y[i] = masks[lane] ? x[i] * scale : 0;
}

/* A row by the bits from `bit` on; `whole`: both are multiples of 16. */
VEC_INLINE void dropout_apply_row(bool whole, float scale, int64_t bit, const uint16_t *keep, int64_t row,
                                  const float *x, float *y)
{
    int64_t n = 0;
    for (; n + 16 <= row; n += 16) {
        uint32_t bits = whole ? keep[(bit + n) / 16] : dropout_get_bits(keep, bit + n, 16);
        dropout_apply(bits, scale, 16, x + n, y + n);
    }
    if (n < row) dropout_apply(dropout_get_bits(keep, bit + n, row - n), scale, row - n, x + n, y + n);
}

/* Every element by its bit. */
static void dropout_apply_all(const struct dropout_draw *d, const uint16_t *keep, const float *x, float *y)
{
    float scale = 1.0f / (1.0f - d->p);
    if (d->together == 1) {
        dropout_apply_row(true, scale, 0, keep, d->features * d->lanes, x, y);
        return;
    }
    for (int64_t f = 0, bit = 0; f < d->features; f++, bit += d->lanes) {
        int64_t at = bit * d->together, end = at + d->together * d->lanes;
        if (d->lanes % 16 == 0)
            for (; at < end; at += d->lanes)
                dropout_apply_row(true, scale, bit, keep, d->lanes, x + at, y + at);
        else if (d->lanes < FEW)
            dropout_apply_repeated(d, scale, bit, keep, x + at, y + at);
        else
            for (; at < end; at += d->lanes)
                dropout_apply_row(false, scale, bit, keep, d->lanes, x + at, y + at);
    }
}

/* Draws four words for each of 16 samples: out[word][sample]. */
VEC_INLINE void dropout_draw16(const struct dropout_key *k, uint32_t group, uint32_t sample,
                               uint32_t out[4][16])
{
    for (uint32_t part = 0; part < 16; part += VW) {
        vecu words[4];
        philox_draw(k->key, k->a, sample + part, group, words);
        for (int w = 0; w < 4; w++) *(vecu *)(out[w] + part) = words[w];
    }
}

/* Draws all bits, 16 lanes of four features at a time; `whole`: there are no fewer. Elements with a bit of their own
 * are dropped right away. */
VEC_INLINE void dropout_draw_rows(bool whole, const struct dropout_draw *d, const float *x, float *y,
                                  uint16_t *keep)
{
    struct dropout_key k = dropout_make_key(d);
    float scale = 1.0f / (1.0f - d->p);
    int64_t of_leaf = d->lanes / d->leaves;
    if (!whole) memset(keep, 0, (size_t)(d->features * d->lanes + 15) / 16 * sizeof *keep);
    for (int64_t f = 0; f < d->features; f += 4)
        for (int64_t n = 0; n < d->lanes; n += 16) {
            uint32_t words[4][16] __attribute__((aligned(64)));
            int64_t count = whole || d->lanes - n >= 16 ? 16 : d->lanes - n;
            dropout_draw16(&k, (uint32_t)(f / 4), (uint32_t)(d->first_samples[n / of_leaf] + n % of_leaf),
                           words);
            for (int64_t w = 0; w < 4 && f + w < d->features; w++) {
                int64_t at = (f + w) * d->lanes + n;
                uint32_t bits = dropout_kept_bits(words[w], k.threshold) & ((1u << count) - 1);
                if (whole)
                    keep[at / 16] = (uint16_t)bits;
                else
                    dropout_put_bits(keep, at, bits);
                if (d->together == 1) dropout_apply(bits, scale, count, x + at, y + at);
            }
        }
}

/* Two and four words side by side. */
typedef uint64_t dropout_pair __attribute__((may_alias));
typedef uint32_t dropout_quad __attribute__((vector_size(16), may_alias, aligned(4)));

VEC_INLINE void dropout_weave_rows(uint32_t words[4][PAIRS + 16], int64_t groups, int64_t lanes,
                                   uint32_t *out)
{
    for (int64_t g = 0; g < groups; g++)
        for (int w = 0; w < 4; w++, out += lanes)
            for (int64_t n = 0; n < lanes; n += 4)
                *(dropout_quad *)(out + n) = *(const dropout_quad *)(words[w] + g * lanes + n);
}

/* Words of draws, one after another by group and lane, to the order of elements: by group, word and lane. The
 * last row is followed by a register of anything. */
VEC_INLINE void dropout_weave(uint32_t words[4][PAIRS + 16], int64_t groups, int64_t lanes, uint32_t *out)
{
    if (lanes == 1)
        for (int64_t g = 0; g < groups; g++)
            for (int w = 0; w < 4; w++) out[4 * g + w] = words[w][g];
    else if (lanes == 2)
        for (int64_t g = 0; g < groups; g++)
            for (int w = 0; w < 4; w++)
                ((dropout_pair *)out)[4 * g + w] = ((const dropout_pair *)words[w])[g];
    else if (lanes == 3)
        dropout_weave_rows(words, groups, 3, out);
    else if (lanes == 4)
        dropout_weave_rows(words, groups, 4, out);
    else
        dropout_weave_rows(words, groups, lanes, out);
}

/* The same of few lanes of a single leaf, by whole groups whose elements are a multiple of 16. */
static void dropout_draw_few(const struct dropout_draw *d, const float *x, float *y, uint16_t *keep)
{
    uint32_t words[4][PAIRS + 16] __attribute__((aligned(64)));
    uint32_t samples[PAIRS + 16] __attribute__((aligned(64))),
        of_group[PAIRS + 16] __attribute__((aligned(64)));
    uint32_t woven[4 * PAIRS + 16] __attribute__((aligned(64)));
    struct dropout_key k = dropout_make_key(d);
    float scale = 1.0f / (1.0f - d->p);
    int64_t groups = d->lanes < 16 ? PAIRS / d->lanes / 4 * 4 : 4, pairs = groups * d->lanes;
    int64_t total = d->features * d->lanes;
    uint32_t lane = 0, group = 0;
    for (int64_t i = 0; i < pairs + VW; i++) {
        samples[i] = (uint32_t)d->first_samples[0] + lane;
        of_group[i] = group;
        if (++lane == d->lanes) lane = 0, group++;
    }
    for (int64_t f = 0, at = 0; f < d->features; f += 4 * groups) {
        for (int64_t i = 0; i < pairs; i += VW) {
            vecu drawn[4];
            philox_rounds(k.key, k.a, *(const vecu *)(samples + i),
                          *(const vecu *)(of_group + i) + (uint32_t)(f / 4), drawn);
            for (int w = 0; w < 4; w++) *(vecu *)(words[w] + i) = drawn[w];
        }
        dropout_weave(words, groups, d->lanes, woven);
        for (int64_t i = 0; i < 4 * pairs && at < total; i += 16, at += 16) {
            int64_t count = total - at < 16 ? total - at : 16;
            uint32_t bits = dropout_kept_bits(woven + i, k.threshold);
            keep[at / 16] = (uint16_t)bits;
            if (d->together == 1) dropout_apply(bits, scale, count, x + at, y + at);
        }
    }
}

void LEVEL(dropout_forward)(const struct dropout_draw *d, const float *x, float *y, uint16_t *keep)
{
    if (d->lanes % 16 == 0)
        dropout_draw_rows(true, d, x, y, keep);
    else if (d->lanes < FEW)
        dropout_draw_few(d, x, y, keep);
    else
        dropout_draw_rows(false, d, x, y, keep);
    if (d->together > 1) dropout_apply_all(d, keep, x, y);
}

void LEVEL(dropout_backward)(const struct dropout_draw *d, const uint16_t *keep, const float *dy, float *dx)
{
    dropout_apply_all(d, keep, dy, dx);
}
