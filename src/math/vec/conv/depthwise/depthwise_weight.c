/* depthwise_weight.c - the weight gradient of depthwise convolutions: a weight is summed in 4 x 16 places.
 *
 * Leaves of a multiple of 16 lanes sum by the position along the width, and lane by lane: under 3x3 windows all taps of
 * a position at once, where its lanes are enough to pay for loading sums. Other lanes take 16 columns of a row for a
 * position. Those sum 3x3 taps of 4 rows at once, where the windows of rows follow each other. */
#include "math/vec/conv/depthwise/depthwise.h"
#include "math/vec/conv/tree.h"

#define CHAINS DEPTHWISE_CHAINS

/* Adds the products of `count` positions of a row, `step` floats apart in x and `next` in dy. */
static void depthwise_add_row(int64_t lanes, int64_t count, int64_t step, int64_t next, const float *x,
                              const float *dy, float *sums)
{
    int64_t left = count;
    vec sum[CHAINS][VEC_PARTS];
#define EACH(statement)                                                                                      \
    VEC_EACH (i, CHAINS)                                                                                     \
        VEC_EACH (p, VEC_PARTS) statement
    EACH(sum[i][p] = vec_load(sums + i * 16 + p * VW);)
    for (; left >= CHAINS; left -= CHAINS, x += CHAINS * step, dy += CHAINS * next)
        for (int64_t lane = 0; lane < lanes; lane += 16)
            EACH(sum[i][p] +=
                 vec_load_any(dy + i * next + lane + p * VW) * vec_load_any(x + i * step + lane + p * VW);)
    EACH(vec_store(sums + i * 16 + p * VW, sum[i][p]);)
#undef EACH
    for (int64_t i = 0; i < left; i++)
        for (int64_t lane = 0; lane < lanes; lane += VW) {
            float *to = sums + i * 16 + lane % 16;
            vec_store(to,
                      vec_load(to) + vec_load_any(dy + i * next + lane) * vec_load_any(x + i * step + lane));
        }
}

/* Adds the products of `count` columns. */
static void depthwise_add_columns(int64_t count, const float *x, const float *dy, float *sums)
{
    int64_t whole = count / 16;
    depthwise_add_row(16, whole, 16, 16, x, dy, sums);
    for (int64_t i = whole * 16; i < count; i += VW) {
        float *to = sums + i % (CHAINS * 16);
        vec_store(to, vec_load(to) + vec_load_some(dy + i, count - i) * vec_load_some(x + i, count - i));
    }
}

/* One row of outputs and one row of taps: each tap over the columns where it sees an input. */
static void depthwise_add_taps(const struct depthwise *d, const float *x, const float *dy, float *sums)
{
    const struct window *c = d->c;
    int64_t lanes = c->lanes, step = c->stride[AXIS_W] * lanes, columns = c->out.d[AXIS_W] * lanes;
    for (const struct side_tap *tap = d->tap; tap < d->tap + d->taps->count; tap++, sums += CHAINS * 16) {
        int64_t first = tap->low > 0 ? tap->low : 0, end = tap->high < columns ? tap->high : columns;
        if (end <= first) continue;
        if (lanes % 16 == 0)
            depthwise_add_row(lanes / c->leaves, (end - first) / lanes, step, lanes,
                              x + first / lanes * step + tap->at, dy + first, sums);
        else
            depthwise_add_columns(end - first, x + first + tap->at, dy + first, sums);
    }
}

/* What depthwise_add_3x3 keeps in registers. */
struct depthwise_4x3x3 {
    const float *source[3][DEPTHWISE_ROWS], *dy[DEPTHWISE_ROWS];
    int64_t at[3];
};

/* A register of columns of 4 rows. */
VEC_INLINE void depthwise_add_tile(const bool edge, const bool shared, const struct depthwise *d,
                                   const struct depthwise_4x3x3 *o, int64_t column, int64_t columns,
                                   vec sum[9])
{
    vec slope[DEPTHWISE_ROWS];
    veci mask[3];
    VEC_UNROLL
    for (int k = 0; k < 3 && edge; k++)
        mask[k] = depthwise_mask(d->tap[k].low - column, d->tap[k].high - column);
    VEC_EACH (r, DEPTHWISE_ROWS)
        slope[r] = !o->dy[r] ? (vec){0} : vec_load_some(o->dy[r] + column, edge ? columns - column : VW);
    const int steps = shared ? DEPTHWISE_ROWS + 2 : 3 * DEPTHWISE_ROWS;
    VEC_EACH (i, steps) {
        const int first = !shared ? i % DEPTHWISE_ROWS : i < DEPTHWISE_ROWS ? i : DEPTHWISE_ROWS - 1;
        const float *source = o->source[shared ? i - first : i / DEPTHWISE_ROWS][first];
        if (!source) continue;
        VEC_EACH (k, 3) {
            const float *at = source + column + o->at[k];
            vec value = edge ? depthwise_load(mask[k], at) : vec_load_any(at);
            VEC_EACH (r, DEPTHWISE_ROWS) {
                const int row = shared ? i - r : r == first ? i / DEPTHWISE_ROWS : -1;
                if (row >= 0 && row < 3) sum[row * 3 + k] += slope[r] * value;
            }
        }
    }
}

/* Part `part` of 16 columns each: the products of 3x3 taps over DEPTHWISE_ROWS rows of outputs from (0, y) on, of which
 * those that do not exist count nothing. */
VEC_INLINE void depthwise_add_3x3(const bool shared, const struct depthwise *d, int64_t y, int64_t part,
                                  const float *dy)
{
    const int64_t columns = d->taps->columns, first = d->taps->first, end = d->taps->end;
    float *sums = d->sums + part;
    struct depthwise_4x3x3 o;
    vec sum[9];
    VEC_EACH (k, 9) sum[k] = vec_load(sums + k * CHAINS * 16);
    VEC_EACH (k, 3) {
        o.at[k] = d->tap[k].at;
        VEC_EACH (r, DEPTHWISE_ROWS) o.source[k][r] = d->row[k * DEPTHWISE_ROWS + r];
    }
    VEC_EACH (r, DEPTHWISE_ROWS) o.dy[r] = y + r < d->c->out.d[AXIS_H] ? dy + (y + r) * columns : NULL;
    for (int64_t column = part; column < columns; column += 16)
        if (column >= first && column < end)
            depthwise_add_tile(false, shared, d, &o, column, columns, sum);
        else
            depthwise_add_tile(true, shared, d, &o, column, columns, sum);
    VEC_EACH (k, 9) vec_store(sums + k * CHAINS * 16, sum[k]);
}

static __attribute__((noinline)) void depthwise_add_shared(const struct depthwise *d, int64_t y, int64_t part,
                                                           const float *dy)
{
    depthwise_add_3x3(true, d, y, part, dy);
}

static __attribute__((noinline)) void depthwise_add_apart(const struct depthwise *d, int64_t y, int64_t part,
                                                          const float *dy)
{
    depthwise_add_3x3(false, d, y, part, dy);
}

/* All rows of outputs under 3x3 windows. */
static void depthwise_add_rows_of_3(const struct depthwise *d, const float *x, const float *dy)
{
    for (int64_t y = 0; y < d->c->out.d[AXIS_H]; y += DEPTHWISE_ROWS) {
        LEVEL(depthwise_find_rows)(d, 0, y, DEPTHWISE_ROWS, x);
        for (int64_t part = 0; part < 16; part += VW)
            if (depthwise_shares(d->c))
                depthwise_add_shared(d, y, part, dy);
            else
                depthwise_add_apart(d, y, part, dy);
    }
}

/* Adds the products of a position, with one register of 16 lanes, to a chain of each of 3x3 taps, which lie `at` floats
 * from the sources of three rows; or, at an `edge`, where nine sources say. */
VEC_INLINE void depthwise_add_lanes(const bool edge, int64_t lanes, const float *dy,
                                    const float *const source[], const int64_t at[3], float *const to[3])
{
    vec sum[9];
    VEC_EACH (t, 9) sum[t] = vec_load(to[t % 3] + t * CHAINS * 16);
    for (int64_t lane = 0; lane < lanes; lane += 16) {
        vec slope = vec_load_any(dy + lane);
        VEC_EACH (t, 9) sum[t] += slope * vec_load_any((edge ? source[t] : source[t / 3] + at[t % 3]) + lane);
    }
    VEC_EACH (t, 9) vec_store(to[t % 3] + t * CHAINS * 16, sum[t]);
}

/* A row of outputs under 3x3 windows, position by position. Taps that see nothing take zeros. */
static __attribute__((noinline)) void depthwise_add_positions(const struct depthwise *d, const float *dy)
{
    const struct window *c = d->c;
    const int64_t row = c->lanes, lanes = row / c->leaves, step = c->stride[AXIS_W] * row,
                  size = c->out.d[AXIS_W];
    const float *const source[3] = {d->row[0], d->row[DEPTHWISE_ROWS], d->row[2 * DEPTHWISE_ROWS]};
    int64_t low[3], at[3], first = 0, end = source[0] && source[1] && source[2] ? size : 0;
    VEC_EACH (k, 3) {
        const struct side_tap *side = &d->tap[k];
        at[k] = side->at, low[k] = row_limit(side->low, 0, size * row) / row;
        if (low[k] > first) first = low[k];
        if (side->high / row < end) end = side->high / row;
    }
    for (int64_t i = 0; i < size; i++, dy += row)
        for (int64_t part = 0; part < 16; part += VW) {
            const float *from[9];
            float *to[3];
            VEC_EACH (k, 3) to[k] = d->sums + ((i - low[k]) & (CHAINS - 1)) * 16 + part;
            if (i >= first && i < end) {
                VEC_EACH (k, 3) from[k] = source[k] + i * step + part;
                depthwise_add_lanes(false, lanes, dy + part, from, at, to);
                continue;
            }
            VEC_EACH (t, 9) {
                const struct side_tap *side = &d->tap[t % 3];
                bool sees = source[t / 3] && i * row >= side->low && i * row < side->high;
                from[t] = sees ? source[t / 3] + i * step + side->at + part : d->zeros;
            }
            depthwise_add_lanes(true, lanes, dy + part, from, at, to);
        }
}

static void depthwise_add_rows_of_any(const struct depthwise *d, const float *x, const float *dy)
{
    const struct window *c = d->c;
    int64_t rows = c->kernel[AXIS_D] * c->kernel[AXIS_H];
    bool of_3 = c->lanes % 16 == 0 && c->lanes / c->leaves > 32 && depthwise_is_3x3(c);
    for (int64_t z = 0; z < c->out.d[AXIS_D]; z++)
        for (int64_t y = 0; y < c->out.d[AXIS_H]; y++, dy += c->out.d[AXIS_W] * c->lanes) {
            LEVEL(depthwise_find_rows)(d, z, y, 1, x);
            if (of_3) {
                depthwise_add_positions(d, dy);
                continue;
            }
            for (int64_t k = 0; k < rows; k++) {
                const float *row = d->row[k * DEPTHWISE_ROWS];
                if (row) depthwise_add_taps(d, row, dy, d->sums + k * c->kernel[AXIS_W] * CHAINS * 16);
            }
        }
}

/* The gradients [taps] of one channel and leaf, whose lanes x and dy start at. */
static void depthwise_leaf(const struct depthwise *d, const float *x, const float *dy, float *gradients)
{
    const struct window *c = d->c;
    int64_t taps = window_taps(c);
    memset(d->sums, 0, (size_t)(taps * CHAINS * 16) * sizeof *d->sums);
    if (c->lanes % 16 != 0 && depthwise_is_3x3(c) && c->out.d[AXIS_D] == 1)
        depthwise_add_rows_of_3(d, x, dy);
    else
        depthwise_add_rows_of_any(d, x, dy);
    for (int64_t t = 0; t < taps; t++) {
        float *sum = d->sums + t * CHAINS * 16;
        for (int64_t j = 0; j < 16; j += VW)
            vec_store(sum + j, (vec_load(sum + j) + vec_load(sum + 16 + j)) +
                                   (vec_load(sum + 32 + j) + vec_load(sum + 48 + j)));
        gradients[t] = vec_sum16(sum);
    }
}

void LEVEL(depthwise_weight_sums)(const struct depthwise *d, const float *x, const float *dy, float *dweight)
{
    const struct window *c = d->c;
    int64_t taps = window_taps(c), lanes = c->lanes / c->leaves;
    memset(d->zeros, 0, (size_t)c->lanes * sizeof *d->zeros);
    for (int64_t i = 0; i < c->in.c; i++) {
        const float *in = LEVEL(depthwise_source)(d, x + i * shape_positions(c->in) * c->lanes),
                    *out = dy + i * shape_positions(c->out) * c->lanes;
        for (int64_t leaf = 0; leaf < c->leaves; leaf++) {
            depthwise_leaf(d, in + leaf * lanes, out + leaf * lanes,
                           d->slots + weight_tree_slot(leaf) * d->slot);
            weight_tree_add(d->slots, d->slot, d->slot, leaf);
        }
        memcpy(dweight + i * taps, d->slots, (size_t)taps * sizeof *dweight);
    }
}
