/* gather.c - makes the input of a pass of the rows of a data set.
 *
 * In the data set samples lie one behind the other, in an activation side by side: tiles of VW samples by VW
 * words are transposed in registers. A word is one float, or four bytes, each of which becomes a float. */
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
#pragma GCC unroll 16
        for (int i = 0; i < VW; i++) {
            r[i] = *(const words_unaligned *)((const char *)rows[i] + at);
            __builtin_prefetch((const char *)next[i] + at, 0, 2);
        }
    } else {
        memset(r, 0, sizeof r);
        for (int i = 0; i < VW; i++) memcpy(&r[i], (const char *)rows[i] + at, (size_t)bytes);
    }
    vec_transpose_block(r);
#pragma GCC unroll 16
    for (int i = 0; i < VW; i++) tile[i] = r[i];
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
#pragma GCC unroll 16
        for (int i = 0; i < VW; i++)
#pragma GCC unroll 4
            for (int k = 0; k < word_features; k++, out += g->stride)
                vec_store(out, (word_features == 1 ? (vec)tile[i] : gather_byte(tile[i], k)) * scale + shift);
        return;
    }
    for (int64_t f = 0; f < count; f++, out += g->stride) {
        if (first + f == end) {
            c++;
            end += g->per_channel;
        }
        vec value = word_features == 1 ? (vec)tile[f] : gather_byte(tile[f / 4], (int)(f % 4));
        vec_store(out, value * vec_all(g->scale[c]) + vec_all(g->shift[c]));
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
