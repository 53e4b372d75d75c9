#include "math/vec.h"

typedef uint8_t bytes16 __attribute__((vector_size(16), may_alias));
typedef uint8_t bytes16u __attribute__((vector_size(16), may_alias, aligned(1)));

static const bytes16 low = {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23};
static const bytes16 high = {8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};

/* Transposes a 16 x 16 block of bytes in place: four rounds that interleave row i with row i + 8. */
VEC_INLINE void transpose16(bytes16 r[16])
{
    for (int round = 0; round < 4; round++) {
        bytes16 t[16];
        for (int i = 0; i < 8; i++) {
            t[2 * i] = __builtin_shuffle(r[i], r[i + 8], low);
            t[2 * i + 1] = __builtin_shuffle(r[i], r[i + 8], high);
        }
        memcpy(r, t, sizeof t);
    }
}

/* One channel of 16 lanes. `count` of them are live. */
VEC_INLINE void gather_bytes(const uint8_t *const *rows, int64_t count, int64_t first, int64_t features,
                             int64_t lanes, float scale, float shift, float *out)
{
    int64_t f = 0;
    for (; f + 16 <= features; f += 16) {
        bytes16 block[16] = {{0}};
        for (int64_t i = 0; i < count; i++) block[i] = *(const bytes16u *)(rows[i] + first + f);
        transpose16(block);
        for (int64_t j = 0; j < 16; j++)
            for (int i = 0; i < 16; i++) out[(f + j) * lanes + i] = (float)block[j][i] * scale + shift;
    }
    for (; f < features; f++)
        for (int64_t i = 0; i < count; i++) out[f * lanes + i] = (float)rows[i][first + f] * scale + shift;
}

/* Lanes of a group of 16 that hold no sample stay zero whatever the shift is. */
static void clear_dead(const struct gather *g, float *out)
{
    int64_t features = g->channels * g->per_channel;
    if (g->live == g->lanes) return;
    for (int64_t f = 0; f < features; f++)
        memset(out + f * g->stride + g->live, 0, (size_t)(g->lanes - g->live) * sizeof *out);
}

void LEVEL(gather_u8)(const struct gather *g, const uint8_t *const *rows, float *out)
{
    for (int64_t n = 0; n < g->live; n += 16) {
        int64_t count = g->live - n < 16 ? g->live - n : 16;
        for (int64_t c = 0; c < g->channels; c++)
            gather_bytes(rows + n, count, c * g->per_channel, g->per_channel, g->stride, g->scale[c],
                         g->shift[c], out + c * g->per_channel * g->stride + n);
    }
    clear_dead(g, out);
}

typedef float floats4 __attribute__((vector_size(16), may_alias));
typedef float floats4u __attribute__((vector_size(16), may_alias, aligned(4)));
typedef int32_t ints4 __attribute__((vector_size(16)));

/* Transposes 4 rows of 4: two rounds that interleave row i with row i + 2. */
VEC_INLINE void transpose4(floats4 r[4])
{
    static const ints4 low4 = {0, 4, 1, 5}, high4 = {2, 6, 3, 7};
    for (int round = 0; round < 2; round++) {
        floats4 t[4];
        for (int i = 0; i < 2; i++) {
            t[2 * i] = __builtin_shuffle(r[i], r[i + 2], low4);
            t[2 * i + 1] = __builtin_shuffle(r[i], r[i + 2], high4);
        }
        memcpy(r, t, sizeof t);
    }
}

/* One channel of 4 lanes, all live. */
VEC_INLINE void gather_floats(const float *const *rows, int64_t first, int64_t features, int64_t lanes,
                              float scale, float shift, float *out)
{
    int64_t f = 0;
    for (; f + 4 <= features; f += 4) {
        floats4 block[4];
        for (int i = 0; i < 4; i++) block[i] = *(const floats4u *)(rows[i] + first + f);
        transpose4(block);
        for (int64_t j = 0; j < 4; j++) *(floats4 *)(out + (f + j) * lanes) = block[j] * scale + shift;
    }
    for (; f < features; f++)
        for (int i = 0; i < 4; i++) out[f * lanes + i] = rows[i][first + f] * scale + shift;
}

void LEVEL(gather_f32)(const struct gather *g, const float *const *rows, float *out)
{
    int64_t whole = g->live / 4 * 4;
    for (int64_t c = 0; c < g->channels; c++) {
        int64_t first = c * g->per_channel;
        float *to = out + first * g->stride;
        for (int64_t n = 0; n < whole; n += 4)
            gather_floats(rows + n, first, g->per_channel, g->stride, g->scale[c], g->shift[c], to + n);
        for (int64_t n = whole; n < g->live; n++)
            for (int64_t f = 0; f < g->per_channel; f++)
                to[f * g->stride + n] = rows[n][first + f] * g->scale[c] + g->shift[c];
    }
    clear_dead(g, out);
}
