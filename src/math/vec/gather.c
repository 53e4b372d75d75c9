/* gather.c - makes the input of a pass of the rows of a data set.
 *
 * In the data set samples lie one behind the other, in an activation side by side. Of 16 samples, tiles of VW
 * samples by VW words are transposed in registers. A word is one float, or four bytes, each of which becomes a
 * float. Fewer samples are converted row by row: one is at its place then, 2, 4 or 8 are woven in registers, and
 * the numbers of others are stored one by one. */
#include "math/vec/transpose.h"

#define TILE_BYTES (VW * 4) /* of one sample */

typedef vecu words_unaligned __attribute__((aligned(1)));

/* Reads `bytes` of VW samples from `at` on, transposed, and prefetches the same bytes of the samples that
 * come next. */
VEC_INLINE void gather_read_tile(const void *const *rows, const void *const *next, int64_t at, int64_t bytes,
                                 vecu tile[VW])
{
    vecu r[VW];
    if (bytes == TILE_BYTES) {
        VEC_EACH (i, VW) {
            r[i] = *(const words_unaligned *)((const char *)rows[i] + at);
            __builtin_prefetch((const char *)next[i] + at, 0, 2);
        }
    } else {
        memset(r, 0, sizeof r);
        for (int i = 0; i < VW; i++) memcpy(&r[i], (const char *)rows[i] + at, (size_t)bytes);
    }
    vec_transpose_block(r);
    VEC_EACH (i, VW) tile[i] = r[i];
}

/* Byte `index` of every word as a float; the first byte of a word is its lowest. */
VEC_INLINE vec gather_byte(vecu words, int index)
{
    return __builtin_convertvector((veci)(words >> (uint32_t)(8 * index) & 255u), vec);
}

/* Features first .. first + count - 1 of VW lanes. word_features: 1 for floats, 4 for bytes. */
VEC_INLINE void gather_write_tile(const struct gather *g, const vecu tile[VW], int word_features,
                                  int64_t first, int64_t count, float *out)
{
    int64_t c = first / g->per_channel, end = (c + 1) * g->per_channel;
    if (count == VW * word_features && first + count <= end) {
        vec scale = vec_all(g->scale[c]), shift = vec_all(g->shift[c]);
        VEC_EACH (i, VW) VEC_UNROLL
        for (int k = 0; k < word_features; k++, out += g->stride)
            vec_store_any(out, (word_features == 1 ? (vec)tile[i] : gather_byte(tile[i], k)) * scale + shift);
        return;
    }
    for (int64_t f = 0; f < count; f++, out += g->stride) {
        if (first + f == end) {
            c++;
            end += g->per_channel;
        }
        vec value = word_features == 1 ? (vec)tile[f] : gather_byte(tile[f / 4], (int)(f % 4));
        vec_store_any(out, value * vec_all(g->scale[c]) + vec_all(g->shift[c]));
    }
}

VEC_INLINE void gather_group(const struct gather *g, const void *const *rows, const void *const *next,
                             int word_features, float *out)
{
    int64_t features = g->channels * g->per_channel, step = VW * word_features;
    for (int64_t f = 0; f < features; f += step) {
        int64_t count = features - f < step ? features - f : step;
        for (int lane = 0; lane < 16; lane += VW) { /* whole cache lines of the output at a time */
            vecu tile[VW];
            gather_read_tile(rows + lane, next + lane, f * 4 / word_features, count * 4 / word_features,
                             tile);
            gather_write_tile(g, tile, word_features, f, count, out + f * g->stride + lane);
        }
    }
}

/* ---- fewer than 16 samples ---- */

/* VW bytes as floats. GCC converts such short vectors element by element. */
VEC_INLINE vec gather_convert(const uint8_t *x)
{
#if defined(__AVX512F__)
    return (vec)_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)x)));
#elif defined(__AVX2__)
    return (vec)_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)x)));
#else
    vec v;
    for (int i = 0; i < VW; i++) v[i] = x[i];
    return v;
#endif
}

/* Returns features first .. first + count - 1 of a sample, at most VW; zeros behind them. */
VEC_INLINE vec gather_read(const void *row, int64_t first, int64_t count, int word_features)
{
    if (word_features == 1) {
        const float *x = (const float *)row + first;
        return vec_load_some(x, count);
    }
    const uint8_t *x = (const uint8_t *)row + first;
    uint8_t some[VW] = {0};
    if (count == VW) return gather_convert(x);
    memcpy(some, x, (size_t)count);
    return gather_convert(some);
}

/* Stores VW features of `woven` samples, a power of two, side by side and without gaps. */
VEC_INLINE void gather_store_woven(vecu *block, int woven, int64_t count, float *out)
{
    vec_weave(woven, block);
    VEC_EACH (i, woven) {
        int64_t left = count * woven - i * VW;
        if (left >= VW)
            vec_store_any(out + i * VW, (vec)block[i]);
        else if (left > 0)
            vec_store_part(out + i * VW, left, (vec)block[i]);
    }
}

/* Stores the features of one sample among others. */
VEC_INLINE void gather_store_single(vec x, int64_t count, int64_t stride, float *out)
{
    float values[VW];
    vec_store_any(values, x);
    if (count == VW) {
        VEC_EACH (i, VW) out[i * stride] = values[i];
    } else {
        for (int64_t i = 0; i < count; i++) out[i * stride] = values[i];
    }
}

/* Gathers `count` samples, which are all of the array if the compiler is told their number, `woven`. Where each
 * feature has factors of its own, these lie in memory as features do. */
VEC_INLINE void gather_few(const struct gather *g, const void *const *rows, int64_t count, int word_features,
                           int woven, float *out)
{
    bool own = g->per_channel == 1;
    int64_t runs = own ? 1 : g->channels, run = own ? g->channels : g->per_channel;
    for (int64_t c = 0; c < runs; c++)
        for (int64_t i = 0; i < run; i += VW) {
            int64_t first = c * run + i, features = run - i < VW ? run - i : VW;
            vec scale = own ? gather_read(g->scale, i, features, 1) : vec_all(g->scale[c]);
            vec shift = own ? gather_read(g->shift, i, features, 1) : vec_all(g->shift[c]);
            float *to = out + first * g->stride;
            if (!woven) {
                for (int64_t n = 0; n < count; n++)
                    gather_store_single(gather_read(rows[n], first, features, word_features) * scale + shift,
                                        features, g->stride, to + n);
                continue;
            }
            vecu block[8];
            VEC_EACH (n, woven)
                block[n] = (vecu)(gather_read(rows[n], first, features, word_features) * scale + shift);
            gather_store_woven(block, woven, features, to);
        }
}

VEC_INLINE void gather_rest(const struct gather *g, const void *const *rows, int64_t count, int word_features,
                            float *out)
{
    switch (count == g->stride ? count : 0) {
    case 1:
        gather_few(g, rows, count, word_features, 1, out);
        return;
    case 2:
        gather_few(g, rows, count, word_features, 2, out);
        return;
    case 4:
        gather_few(g, rows, count, word_features, 4, out);
        return;
    case 8:
        gather_few(g, rows, count, word_features, VW < 8 ? 0 : 8, out);
        return;
    default:
        gather_few(g, rows, count, word_features, 0, out);
    }
}

/* Lanes that hold no sample are zero whatever the shift is. */
static void gather_clear_dead(const struct gather *g, float *out)
{
    int64_t features = g->channels * g->per_channel;
    if (g->live == g->lanes) return;
    for (int64_t f = 0; f < features; f++)
        memset(out + f * g->stride + g->live, 0, (size_t)(g->lanes - g->live) * sizeof *out);
}

VEC_INLINE void gather_rows(const struct gather *g, const void *const *rows, int word_features, float *out)
{
    for (int64_t n = 0; n < g->live; n += 16) {
        if (n + 16 > g->lanes) {
            gather_rest(g, rows + n, g->live - n, word_features, out + n);
            break;
        }
        const void *mine[16], *next[16];
        int64_t all = g->live + g->ahead;
        for (int64_t i = 0; i < 16; i++) { /* after the last sample, the last one again */
            mine[i] = rows[n + i < g->live ? n + i : g->live - 1];
            next[i] = rows[n + 16 + i < all ? n + 16 + i : all - 1];
        }
        gather_group(g, mine, next, word_features, out + n);
    }
    gather_clear_dead(g, out);
}

void LEVEL(gather_u8)(const struct gather *g, const uint8_t *const *rows, float *out)
{
    gather_rows(g, (const void *const *)rows, 4, out);
}

void LEVEL(gather_f32)(const struct gather *g, const float *const *rows, float *out)
{
    gather_rows(g, (const void *const *)rows, 1, out);
}
