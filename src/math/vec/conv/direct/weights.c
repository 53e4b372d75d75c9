/* weights.c - the weights of direct convolutions, packed or in place. */
#include "math/vec/conv/direct/weights.h"

#include "math/vec/transpose.h"

#define PACKED_RESULTS 256 /* more results of a channel than this pay for packing, */
#define SPLIT_RESULTS  64  /* and than this where rows are only split: */
#define SPLIT_TILES    16  /* into tiles that are written side by side */
#define SPLIT_AHEAD    8   /* rows are fetched ahead */
#define SPLIT_APART    4 /* rows of a tile lie between two tiles, which else compete for places in a cache */

/* Turns `rows` <= m rows of `count` weights into `count` rows of m, and writes up to a register behind them. */
static void weights_turn(const float *from, int64_t row, int64_t rows, int64_t count, int64_t m, float *to)
{
    for (int64_t k = 0; k < count; k += VW) {
        int64_t some = count - k < VW ? count - k : VW;
        vecu block[(TILE_MAX_M + VW - 1) / VW][VW];
        for (int64_t i = 0; i < m; i += VW) {
            for (int64_t j = 0; j < VW; j++)
                block[i / VW][j] =
                    i + j < rows ? (vecu)vec_load_some(from + (i + j) * row + k, some) : (vecu){0};
            vec_transpose_block(block[i / VW]);
        }
        for (int64_t j = 0; j < some; j++, to += m)
            for (int64_t i = 0; i < m; i += VW) vec_store_any(to + i, (vec)block[i / VW][j]);
    }
}

/* Whether a tile's weights are side by side. */
static bool weights_lie_as_tiles(const struct window *c, bool data)
{
    return data && window_taps(c) == 1;
}

/* `to` channels of results by tiles of m. */
static bool weights_stay(const struct window *c, bool data, int64_t to, int m)
{
    int64_t most = weights_lie_as_tiles(c, data) ? SPLIT_RESULTS : PACKED_RESULTS;
    return shape_positions(c->out) * c->lanes <= most && to % m == 0;
}

/* Splits `channels` rows of `to` weights into tiles of m columns, `tile` floats apart. Writes whole registers: what comes
 * behind a row of a tile is written next, or lies between two tiles. */
static void weights_split(const float *from, int64_t to, int64_t channels, int64_t m, int64_t tile,
                          float *packed)
{
    for (int64_t group = 0; group < to; group += SPLIT_TILES * m, packed += SPLIT_TILES * tile) {
        const float *row = from + group, *ahead = row + SPLIT_AHEAD * to;
        int64_t left = to - group, end = left < SPLIT_TILES * m ? left : SPLIT_TILES * m;
        for (int64_t i = 0; i < channels; i++, row += to, ahead += to) {
            float *part = packed + i * m;
            for (int64_t j = 0; j < end; j += 16) __builtin_prefetch(ahead + j);
            for (int64_t first = 0; first < end; first += m, part += tile)
                for (int64_t j = 0; j < m; j += VW)
                    vec_store_any(part + j, vec_load_some(row + first + j, vec_part_count(left - first - j)));
        }
    }
}

/* Makes pairs of the channels of a tile, `channel` weights each. */
static void weights_pair(float *tile, int64_t channels, int64_t channel)
{
    for (int64_t i = 0; i < channels; i += 2)
        pair_rows(tile + i * channel, i + 1 < channels ? tile + (i + 1) * channel : NULL, channel,
                  tile + i / 2 * channel);
}

/* The same of channels that are `row` weights apart, with rows <= m results. */
static void weights_pair_rows(const float *from, int64_t row, int64_t channels, int64_t rows, int64_t m,
                              float *tile)
{
    for (int64_t i = 0; i < channels; i += 2, from += 2 * row, tile += m) {
        pair_rows(from, i + 1 < channels ? from + row : NULL, rows, tile);
        for (int64_t j = rows; j < m; j++) tile[j] = 0;
    }
}

/* Turns the tile of results [first, first + m). */
static void weights_turn_tile(const struct window *c, bool data, int m, int64_t first, const float *weight,
                              float *tile)
{
    int64_t taps = window_taps(c), from = data ? c->out.c : c->in.c, to = data ? c->in.c : c->out.c;
    int64_t rows = to - first < m ? to - first : m;
    if (!data) weights_turn(weight + first * from * taps, from * taps, rows, from * taps, m, tile);
    for (int64_t i = 0; i < from && data; i++)
        weights_turn(weight + (i * to + first) * taps, taps, rows, taps, m, tile + i * taps * m);
}

/* Packs pairs of channels; tiles that do not lie side by side are turned as floats first, which takes more room. */
static struct weights weights_place_pairs(const struct window *c, bool data, int m, const float *weight,
                                          float *packed)
{
    int64_t taps = window_taps(c), from = data ? c->out.c : c->in.c, to = data ? c->in.c : c->out.c;
    int64_t pairs = (from + 1) / 2;
    float *tile = packed;
    for (int64_t first = 0; first < to; first += m, tile += pairs * taps * m) {
        if (weights_lie_as_tiles(c, data)) {
            weights_pair_rows(weight + first, to, from, to - first < m ? to - first : m, m, tile);
            continue;
        }
        weights_turn_tile(c, data, m, first, weight, tile);
        weights_pair(tile, from, taps * m);
    }
    return (struct weights){packed, taps * m, pairs * taps, m, 1};
}

int64_t LEVEL(weights_floats)(const struct window *c, bool data, int m)
{
    int64_t from = data ? c->out.c : c->in.c, to = data ? c->in.c : c->out.c;
    if (c->products == PRODUCTS_BF16)
        return ((to + m - 1) / m * m * ((from + 1) / 2) + from * m) * window_taps(c) + 16;
    return weights_stay(c, data, to, m) ? 0
                                        : (to + m - 1) / m * m * (from + SPLIT_APART) * window_taps(c) + 16;
}

struct weights LEVEL(weights_place)(const struct window *c, bool data, int m, const float *weight,
                                    float *packed)
{
    int64_t taps = window_taps(c), from = data ? c->out.c : c->in.c, to = data ? c->in.c : c->out.c;
    int64_t result = data ? taps : from * taps, channel = data ? to * taps : taps;
    if (c->products == PRODUCTS_BF16) return weights_place_pairs(c, data, m, weight, packed);
    if (weights_stay(c, data, to, m)) return (struct weights){weight, channel, result, 1, result};
    if (weights_lie_as_tiles(c, data)) {
        weights_split(weight, to, from, m, (from + SPLIT_APART) * m, packed);
        return (struct weights){packed, m, from + SPLIT_APART, m, 1};
    }
    float *tile = packed;
    for (int64_t first = 0; first < to; first += m, tile += from * taps * m)
        weights_turn_tile(c, data, m, first, weight, tile);
    return (struct weights){packed, taps * m, from * taps, m, 1};
}
