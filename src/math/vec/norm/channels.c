/* channels.c - normalises channels over the positions and live lanes of each leaf.
 *
 * Leaves stand side by side in a row, so a channel is walked through in blocks of positions that stay in the
 * nearest cache while one leaf after the other takes its part of them. A leaf's vectors of 16 lanes go,
 * position by position, into one set of 16 accumulators. */
#include "math/vec/norm/wide.h"

#define BLOCK_FLOATS 4096 /* of a block of positions */
#define GROUP        16   /* leaves whose sums are under way at a time */

/* The sums of one leaf that are under way: two numbers for each of 16 lanes. */
struct running {
    double first[16], second[16];
};

/* One leaf's part of a block of positions: x, and dy for gradients. */
struct piece {
    int64_t positions, stride, live;
    const float *x, *dy;
    const struct channel_map *map;
    bool relu;
};

/* What the sums take of half a register: x and x, or the dy that the ReLU lets through and x. */
VEC_INLINE narrow channels_take(const struct piece *p, bool gradient, bool relu, int64_t at)
{
    narrow x = narrow_load(p->x + at);
    if (!gradient) return x;
    narrow dy = narrow_load(p->dy + at);
    if (!relu) return dy;
    narrow y = (x - p->map->mean) * p->map->scale + p->map->shift;
    return narrow_keep(~(narrowi)(y <= 0.0f), dy);
}

VEC_INLINE void channels_add(const struct piece *p, bool gradient, bool relu, const int32_t *mask, int64_t at,
                             wide first[WIDE_PARTS], wide second[WIDE_PARTS])
{
#pragma GCC unroll 8
    for (int i = 0; i < WIDE_PARTS; i++) {
        narrow taken = channels_take(p, gradient, relu, at + i * WIDE);
        if (mask) taken = narrow_keep(narrow_load_mask(mask + i * WIDE), taken);
        narrow x = narrow_load(p->x + at + i * WIDE);
        if (mask) x = narrow_keep(narrow_load_mask(mask + i * WIDE), x);
        wide value = wide_of(taken);
        first[i] += value;
        second[i] += value * wide_of(x);
    }
}

VEC_INLINE void channels_sum_piece(const struct piece *p, bool gradient, bool relu, struct running *sums)
{
    wide first[WIDE_PARTS], second[WIDE_PARTS];
    memcpy(first, sums->first, sizeof first);
    memcpy(second, sums->second, sizeof second);
    int64_t whole = p->live / 16 * 16;
    const int32_t *mask = wide_mask_of(p->live - whole);
    for (int64_t i = 0, row = 0; i < p->positions; i++, row += p->stride) {
        for (int64_t n = 0; n < whole; n += 16) channels_add(p, gradient, relu, NULL, row + n, first, second);
        if (whole < p->live) channels_add(p, gradient, relu, mask, row + whole, first, second);
    }
    memcpy(sums->first, first, sizeof first);
    memcpy(sums->second, second, sizeof second);
}

/* Functions of their own, whose sums stay in registers. */
static __attribute__((noinline)) void channels_sum_values(const struct piece *p, struct running *sums)
{
    channels_sum_piece(p, false, false, sums);
}

static __attribute__((noinline)) void channels_sum_gradients(const struct piece *p, struct running *sums)
{
    if (p->relu)
        channels_sum_piece(p, true, true, sums);
    else
        channels_sum_piece(p, true, false, sums);
}

/* How the leaves of all channels are walked through. */
struct walk {
    int64_t width; /* lanes of a leaf */
    int64_t block; /* positions of a block */
};

static struct walk channels_walk(const struct channel_norm *n)
{
    int64_t block = n->leaves == 1 ? n->positions : BLOCK_FLOATS / n->lanes;
    return (struct walk){n->lanes / n->leaves, block < 1 ? 1 : block};
}

typedef void piece_function(const struct piece *p, struct running *sums);

/* The sums of the leaves first .. first + count - 1 of one channel. */
VEC_INLINE void channels_sum_group(const struct channel_norm *n, const struct channel_map *maps,
                                   const float *x, const float *dy, int64_t first, int64_t count,
                                   const struct walk *walk, piece_function *sum, double *sums)
{
    struct running running[GROUP];
    memset(running, 0, (size_t)count * sizeof *running);
    for (int64_t at = 0; at < n->positions; at += walk->block)
        for (int64_t leaf = 0; leaf < count; leaf++) {
            int64_t begin = at * n->lanes + (first + leaf) * walk->width, left = n->positions - at;
            struct piece p = {.positions = left < walk->block ? left : walk->block,
                              .stride = n->lanes,
                              .live = n->live ? n->live[first + leaf] : walk->width,
                              .x = x + begin,
                              .dy = dy ? dy + begin : NULL,
                              .map = maps ? maps + first + leaf : NULL,
                              .relu = n->relu};
            sum(&p, &running[leaf]);
        }
    for (int64_t leaf = 0; leaf < count; leaf++) {
        sums[2 * (first + leaf)] = wide_sum16(running[leaf].first);
        sums[2 * (first + leaf) + 1] = wide_sum16(running[leaf].second);
    }
}

VEC_INLINE void channels_sum(const struct channel_norm *n, const struct channel_map *maps, const float *x,
                             const float *dy, piece_function *sum, double *sums)
{
    struct walk walk = channels_walk(n);
    for (int64_t c = 0; c < n->channels; c++) {
        int64_t at = c * n->positions * n->lanes;
        for (int64_t first = 0; first < n->leaves; first += GROUP) {
            int64_t count = n->leaves - first < GROUP ? n->leaves - first : GROUP;
            channels_sum_group(n, maps ? maps + c * n->leaves : NULL, x + at, dy ? dy + at : NULL, first,
                               count, &walk, sum, sums + 2 * c * n->leaves);
        }
    }
}

void LEVEL(norm_sums)(const struct channel_norm *n, const float *x, double *sums)
{
    channels_sum(n, NULL, x, NULL, channels_sum_values, sums);
}

void LEVEL(norm_gradient_sums)(const struct channel_norm *n, const struct channel_map *maps, const float *x,
                               const float *dy, double *sums)
{
    channels_sum(n, maps, x, dy, channels_sum_gradients, sums);
}

/* What an element becomes; dy is NULL going forward. */
VEC_INLINE vec channels_map(const struct channel_norm *n, const struct channel_map *m,
                            const struct channel_slope *s, const float *x, const float *dy)
{
    vec value = vec_load(x), off = value - m->mean, zero = {0};
    vec y = off * m->scale + m->shift;
    if (!dy) return n->relu ? vec_select(y < 0.0f, zero, y) : y;
    vec gradient = vec_load(dy);
    if (n->relu) gradient = vec_select(y <= 0.0f, zero, gradient);
    vec dx = gradient * s->of_dy + (off * s->of_x + s->constant);
    return n->masks ? vec_select(value <= 0.0f, zero, dx) : dx;
}

/* One leaf of `positions` positions; of its `width` lanes the first `live`, the rest becomes zero. */
VEC_INLINE void channels_map_piece(const struct channel_norm *n, const struct channel_map *map,
                                   const struct channel_slope *slope, int64_t positions, int64_t width,
                                   int64_t live, const float *x, const float *dy, float *to)
{
    const struct channel_norm shape = *n;
    const struct channel_map m = *map;
    const struct channel_slope s = slope ? *slope : (struct channel_slope){0};
    int64_t whole = live / VW * VW;
    veci mask;
    memcpy(&mask, wide_mask_of(live - whole), sizeof mask);
    for (int64_t i = 0, row = 0; i < positions; i++, row += n->lanes) {
        int64_t at = row;
        for (; at < row + whole; at += VW)
            vec_store(to + at, channels_map(&shape, &m, &s, x + at, dy ? dy + at : NULL));
        if (whole < live) {
            vec last = channels_map(&shape, &m, &s, x + at, dy ? dy + at : NULL);
            vec_store(to + at, vec_select(mask, last, (vec){0}));
            at += VW;
        }
        for (; at < row + width; at += VW) vec_store(to + at, (vec){0});
    }
}

VEC_INLINE void channels_map_all(const struct channel_norm *n, const struct channel_map *maps,
                                 const struct channel_slope *slopes, const float *x, const float *dy,
                                 float *to)
{
    struct walk walk = channels_walk(n);
    int64_t block = walk.block, width = walk.width;
    for (int64_t c = 0; c < n->channels; c++, x += n->positions * n->lanes, to += n->positions * n->lanes) {
        for (int64_t at = 0; at < n->positions; at += block)
            for (int64_t leaf = 0; leaf < n->leaves; leaf++) {
                int64_t begin = at * n->lanes + leaf * width, i = c * n->leaves + leaf;
                int64_t positions = n->positions - at < block ? n->positions - at : block;
                channels_map_piece(n, maps + i, slopes ? slopes + i : NULL, positions, width,
                                   n->live ? n->live[leaf] : width, x + begin, dy ? dy + begin : NULL,
                                   to + begin);
            }
        if (dy) dy += n->positions * n->lanes;
    }
}

void LEVEL(norm_apply)(const struct channel_norm *n, const struct channel_map *maps, const float *x, float *y)
{
    channels_map_all(n, maps, NULL, x, NULL, y);
}

void LEVEL(norm_gradient_apply)(const struct channel_norm *n, const struct channel_map *maps,
                                const struct channel_slope *slopes, const float *x, const float *dy,
                                float *dx)
{
    channels_map_all(n, maps, slopes, x, dy, dx);
}
