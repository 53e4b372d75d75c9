/* channels.c - normalises channels over the positions and live lanes of each leaf.
 *
 * Leaves stand side by side in a row, so a channel is walked through in blocks of positions that stay in the
 * nearest cache while one leaf after the other takes its part of them. A leaf's vectors of 16 lanes go,
 * position by position, into one set of 16 accumulators. A channel of a single leaf without dead lanes is one
 * run, which counts as one position. */
#include "math/vec/norm/wide.h"

#define BLOCK_FLOATS 4096 /* of a block of positions */
#define GROUP        16   /* leaves whose sums are under way at a time */

/* The sums of one leaf that are under way: two numbers for each of 16 lanes. */
struct running {
    double first[16], second[16];
};

/* One leaf's part of a block of positions: x, and dy for gradients. Of the `width` floats of each position the
 * first `live` count. */
struct piece {
    int64_t positions, stride, width, live;
    const float *x, *dy;
    const struct channel_map *map;
    float relu; /* the limit of a ReLU behind; 0: none */
};

/* What the sums take of half a register: x and x, or the dy that the ReLU lets through and x. */
VEC_INLINE narrow channels_take(const struct piece *p, bool gradient, bool relu, int64_t at)
{
    narrow x = narrow_load(p->x + at);
    if (!gradient) return x;
    narrow dy = narrow_load(p->dy + at);
    if (!relu) return dy;
    narrow y = (x - p->map->mean) * p->map->scale + p->map->shift;
    return narrow_keep(~((narrowi)(y <= 0.0f) | (narrowi)(y >= p->relu)), dy);
}

VEC_INLINE void channels_add(const struct piece *p, bool gradient, bool relu, int64_t at,
                             wide first[WIDE_PARTS], wide second[WIDE_PARTS])
{
    VEC_EACH (i, WIDE_PARTS) {
        wide value = wide_of(channels_take(p, gradient, relu, at + i * WIDE));
        first[i] += value;
        second[i] += value * wide_of(narrow_load(p->x + at + i * WIDE));
    }
}

/* The last `count` floats of a position, fewer than 16. Behind them zeros are added, of x and of dy. */
VEC_INLINE void channels_add_last(const struct piece *p, bool gradient, bool relu, int64_t at, int64_t count,
                                  wide first[WIDE_PARTS], wide second[WIDE_PARTS])
{
    float x[16] __attribute__((aligned(64))), dy[16] __attribute__((aligned(64)));
    struct piece last = {.x = x, .dy = dy, .map = p->map, .relu = p->relu};
    wide_copy_part(p->x + at, count, x);
    if (gradient) wide_copy_part(p->dy + at, count, dy);
    channels_add(&last, gradient, relu, 0, first, second);
}

VEC_INLINE void channels_sum_piece(const struct piece *p, bool gradient, bool relu, struct running *sums)
{
    wide first[WIDE_PARTS], second[WIDE_PARTS];
    memcpy(first, sums->first, sizeof first);
    memcpy(second, sums->second, sizeof second);
    int64_t whole = p->live / 16 * 16;
    for (int64_t i = 0, row = 0; i < p->positions; i++, row += p->stride) {
        for (int64_t n = 0; n < whole; n += 16) channels_add(p, gradient, relu, row + n, first, second);
        if (whole < p->live)
            channels_add_last(p, gradient, relu, row + whole, p->live - whole, first, second);
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
    if (p->relu != 0)
        channels_sum_piece(p, true, true, sums);
    else
        channels_sum_piece(p, true, false, sums);
}

/* Positions of a block. */
static int64_t channels_block(const struct channel_norm *n)
{
    int64_t block = n->leaves == 1 ? n->positions : BLOCK_FLOATS / n->lanes;
    return block < 1 ? 1 : block;
}

/* One leaf in the block of positions that begins at `at`, in a channel of x and dy. */
VEC_INLINE struct piece channels_piece(const struct channel_norm *n, int64_t at, int64_t block, int64_t leaf,
                                       const float *x, const float *dy)
{
    int64_t width = n->lanes / n->leaves, left = n->positions - at, begin = at * n->lanes + leaf * width;
    struct piece p = {.positions = left < block ? left : block,
                      .stride = n->lanes,
                      .width = width,
                      .live = n->live ? n->live[leaf] : width,
                      .x = x + begin,
                      .dy = dy ? dy + begin : NULL,
                      .relu = n->relu};
    if (p.live == n->lanes) {
        p.live = p.width = p.positions * n->lanes;
        p.positions = 1;
    }
    return p;
}

typedef void piece_function(const struct piece *p, struct running *sums);

/* The sums of the leaves first .. first + count - 1 of one channel. */
VEC_INLINE void channels_sum_group(const struct channel_norm *n, const struct channel_map *maps,
                                   const float *x, const float *dy, int64_t first, int64_t count,
                                   piece_function *sum, double *sums)
{
    struct running running[GROUP];
    int64_t block = channels_block(n);
    memset(running, 0, (size_t)count * sizeof *running);
    for (int64_t at = 0; at < n->positions; at += block)
        for (int64_t leaf = 0; leaf < count; leaf++) {
            struct piece p = channels_piece(n, at, block, first + leaf, x, dy);
            p.map = maps ? maps + first + leaf : NULL;
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
    for (int64_t c = 0; c < n->channels; c++) {
        int64_t at = c * n->positions * n->lanes;
        for (int64_t first = 0; first < n->leaves; first += GROUP) {
            int64_t count = n->leaves - first < GROUP ? n->leaves - first : GROUP;
            channels_sum_group(n, maps ? maps + c * n->leaves : NULL, x + at, dy ? dy + at : NULL, first,
                               count, sum, sums + 2 * c * n->leaves);
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

/* What an element becomes; s is NULL going forward. */
VEC_INLINE vec channels_map(const struct channel_norm *n, const struct channel_map *m,
                            const struct channel_slope *s, vec value, vec gradient)
{
    vec off = value - m->mean, y = off * m->scale + m->shift;
    if (!s) return n->relu != 0 ? vec_relu(n->relu, y) : y;
    if (n->relu != 0) gradient = vec_relu_gradient(n->relu, y, gradient);
    vec dx = gradient * s->of_dy + (off * s->of_x + s->constant);
    return n->masks != 0 ? vec_relu_gradient(n->masks, value, dx) : dx;
}

/* What is not live becomes zero. */
VEC_INLINE void channels_map_piece(const struct channel_norm *n, const struct channel_map *map,
                                   const struct channel_slope *slope, const struct piece *p, float *to)
{
    const struct channel_norm shape = *n;
    const struct channel_map m = *map;
    const struct channel_slope of_slope = slope ? *slope : (struct channel_slope){0};
    const struct channel_slope *s = slope ? &of_slope : NULL;
    const float *x = p->x, *dy = slope ? p->dy : p->x;
    int64_t whole = p->live / VW * VW, rest = p->live - whole;
    for (int64_t i = 0, row = 0; i < p->positions; i++, row += p->stride) {
        int64_t at = row;
        for (; at < row + whole; at += VW)
            vec_store_any(to + at, channels_map(&shape, &m, s, vec_load_any(x + at), vec_load_any(dy + at)));
        if (rest > 0) {
            vec value = vec_load_part(x + at, rest), gradient = vec_load_part(dy + at, rest);
            vec_store_part(to + at, rest, channels_map(&shape, &m, s, value, gradient));
        }
        if (p->live < p->width) memset(to + row + p->live, 0, (size_t)(p->width - p->live) * sizeof *to);
    }
}

VEC_INLINE void channels_map_all(const struct channel_norm *n, const struct channel_map *maps,
                                 const struct channel_slope *slopes, const float *x, const float *dy,
                                 float *to)
{
    int64_t block = channels_block(n), width = n->lanes / n->leaves;
    for (int64_t c = 0; c < n->channels; c++, x += n->positions * n->lanes, to += n->positions * n->lanes) {
        for (int64_t at = 0; at < n->positions; at += block)
            for (int64_t leaf = 0; leaf < n->leaves; leaf++) {
                int64_t i = c * n->leaves + leaf;
                struct piece p = channels_piece(n, at, block, leaf, x, dy);
                channels_map_piece(n, maps + i, slopes ? slopes + i : NULL, &p,
                                   to + at * n->lanes + leaf * width);
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
