/* winograd.h - convolutions of 3x3 windows at stride 1 by Winograd's minimal filtering F(2x2, 3x3), in depth as
 * well: the taps of depth are further terms of the sum over channels.
 *
 * The plane is cut into tiles of 2x2 outputs, each seeing 4x4 inputs (Lavin & Gray, "Fast algorithms for
 * convolutional neural networks", 2015):
 *     Y = At [ (G g Gt) * (Bt d B) ] A,    Bt = 1  0 -1  0   G = 1   0   0   At = 1 1  1  0
 *                                               0  1  1  0      .5  .5  .5        0 1 -1 -1
 *                                               0 -1  1  0      .5 -.5  .5
 *                                               0  1  0 -1      0   0   1
 * where * is a product point by point: 16 multiplications instead of 36. Over channels it becomes 16 matrix
 * products, one per point. The samples of a batch lie side by side, so all transforms of activations are
 * additions of whole vectors. The factors are 0, 1 and 1/2: in float32 the result is as good as that of the
 * direct sum.
 *
 * A column is a tile of one sample. Where the lanes of a tile fill whole registers (leaves of a multiple of 16
 * lanes), inputs are read and outputs written in place. Any other number of lanes is dense: registers run along
 * tiles x lanes, and only the copies know where a position ends: they split rows of the input into even and odd
 * positions (weave.h), and join those of the output. */
#ifndef MATH_VEC_CONV_WINOGRAD_H
#define MATH_VEC_CONV_WINOGRAD_H

#include "math/vec/conv/conv.h"
#include "math/vec/weave.h"

#define WINOGRAD_POINTS   16
#define WINOGRAD_CHANNELS 12 /* with fewer the transforms cost more than they save */
#define WINOGRAD_PLANE    64 /* dense: planes of fewer positions have too few tiles for a register */

static inline bool winograd_is_dense(const struct window *c)
{
    return c->lanes / c->leaves % 16 != 0;
}

/* The data gradient turns a padding p into kernel - 1 - p. */
static inline bool winograd_fits(const struct window *c)
{
    for (int i = 0; i < SHAPE_AXES; i++) {
        int64_t most = c->kernel[i] - 1;
        if (c->stride[i] != 1 || c->dilation[i] != 1 || c->pad_before[i] > most || c->pad_after[i] > most)
            return false;
        if (i != AXIS_D && c->kernel[i] != 3) return false;
    }
    if (winograd_is_dense(c) && c->out.d[AXIS_H] * c->out.d[AXIS_W] < WINOGRAD_PLANE) return false;
    return c->in.c >= WINOGRAD_CHANNELS && c->out.c >= WINOGRAD_CHANNELS;
}

static inline int64_t winograd_tiles(const struct shape *out)
{
    return out->d[AXIS_D] * ((out->d[AXIS_H] + 1) / 2) * ((out->d[AXIS_W] + 1) / 2);
}

/* Returns how many terms a sum has: input channels x taps of depth, in this order. */
static inline int64_t winograd_terms(const struct window *c)
{
    return c->in.c * c->kernel[AXIS_D];
}

/* A register of a tile's lanes: the place of its 4x4 inputs in the first plane it sees. Bit 4 * i + j of `exists`
 * says whether input (i, j) is inside. */
struct winograd_column {
    int64_t z, y, x, lane; /* of the tile's outputs */
    int64_t unused;        /* lanes behind it without samples */
    int64_t from;
    uint32_t exists;
};

static inline struct winograd_column winograd_column(const struct window *c, int64_t tile, int64_t lane)
{
    int64_t down = (c->out.d[AXIS_H] + 1) / 2, across = (c->out.d[AXIS_W] + 1) / 2;
    struct winograd_column t = {
        .z = tile / across / down, .y = tile / across % down * 2, .x = tile % across * 2, .lane = lane};
    int64_t top = t.y - c->pad_before[AXIS_H], left = t.x - c->pad_before[AXIS_W];
    int64_t above = (t.z - c->pad_before[AXIS_D]) * c->in.d[AXIS_H];
    t.from = ((above + top) * c->in.d[AXIS_W] + left) * c->lanes + t.lane;
    for (int i = 0; i < 16; i++) {
        int64_t y = top + i / 4, x = left + i % 4;
        if (y >= 0 && y < c->in.d[AXIS_H] && x >= 0 && x < c->in.d[AXIS_W]) t.exists |= 1u << i;
    }
    return t;
}

/* Bt d B, in place. */
VEC_INLINE void winograd_transform_input(vec d[4][4])
{
#define WINOGRAD_BT(a, b, c, d)                                                                              \
    {                                                                                                        \
        vec t0 = a - c, t1 = b + c, t2 = c - b, t3 = b - d;                                                  \
        a = t0, b = t1, c = t2, d = t3;                                                                      \
    }
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) WINOGRAD_BT(d[0][j], d[1][j], d[2][j], d[3][j])
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) WINOGRAD_BT(d[i][0], d[i][1], d[i][2], d[i][3])
#undef WINOGRAD_BT
}

/* The same of the 4x4 inputs at `from`, `row` and `lanes` floats apart. */
VEC_INLINE void winograd_input(const float *from, int64_t row, int64_t lanes, uint32_t exists, vec d[4][4])
{
    if (exists == 0xffff) {
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++)
#pragma GCC unroll 4
            for (int j = 0; j < 4; j++) d[i][j] = vec_load(from + i * row + j * lanes);
    } else {
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++)
#pragma GCC unroll 4
            for (int j = 0; j < 4; j++)
                d[i][j] = exists >> (4 * i + j) & 1 ? vec_load(from + i * row + j * lanes) : (vec){0};
    }
    winograd_transform_input(d);
}

/* The transformed inputs of `registers` columns for terms [first, first + count) of winograd_terms, to panels
 * [16][count][registers]: terms are `panel_row` floats apart, points `panel_point`. */
VEC_INLINE void winograd_inputs(const struct window *c, const struct winograd_column *column,
                                int64_t registers, const float *x, int64_t first, int64_t count,
                                int64_t panel_row, int64_t panel_point, float *panel)
{
    int64_t lanes = c->lanes, row = c->in.d[AXIS_W] * lanes, plane = c->in.d[AXIS_H] * row;
    int64_t depth = c->in.d[AXIS_D], taps = c->kernel[AXIS_D];
    for (int64_t k = first; k < first + count; k++, panel += panel_row) {
        const float *from = x + (k / taps * depth + k % taps) * plane;
        for (int64_t j = 0; j < registers; j++) {
            vec d[4][4];
            int64_t z = column[j].z - c->pad_before[AXIS_D] + k % taps;
            winograd_input(from + column[j].from, row, lanes, z >= 0 && z < depth ? column[j].exists : 0, d);
#pragma GCC unroll 16
            for (int p = 0; p < WINOGRAD_POINTS; p++)
                vec_store(panel + j * VW + p * panel_point, d[p / 4][p % 4]);
        }
    }
}

/* Dense columns: tiles [tile, tile + tiles) of rows of tiles [row, row + rows), which are counted through depth and
 * height, and their lanes [lane, lane + lanes). Column [row][tile][lane]. */
struct winograd_block {
    int64_t row, rows, tile, tiles, lane, lanes;
};

/* Advances from block to block of at most `most` columns, beginning with {0}. Returns false behind the last. */
static inline bool winograd_next_block(const struct window *c, int64_t most, struct winograd_block *b)
{
    int64_t across = (c->out.d[AXIS_W] + 1) / 2, rows = c->out.d[AXIS_D] * ((c->out.d[AXIS_H] + 1) / 2);
    b->row += b->rows;
    if (b->row == rows) {
        b->row = 0, b->tile += b->tiles;
        if (b->tile == across) b->tile = 0, b->lane += b->lanes;
        if (b->lane == c->lanes) return false;
    }
    b->lanes = c->lanes - b->lane < most ? c->lanes - b->lane : most;
    b->tiles = across - b->tile < most / b->lanes ? across - b->tile : most / b->lanes;
    int64_t fit = most / (b->tiles * b->lanes);
    b->rows = rows - b->row < fit ? rows - b->row : fit;
    return true;
}

/* Floats of a stream: the even or odd positions of a row, as far as a block of at most `columns` columns sees them,
 * with room for whole registers behind. */
static inline int64_t winograd_stream(int64_t columns)
{
    return (2 * columns + 15) / 16 * 16 + 16;
}

/* A row of the input (NULL: zeros) as a block sees it: pair t are positions first + 2 * t and the next, `step` floats
 * apart, zeros outside of the row. */
struct winograd_row {
    const float *from;
    int64_t width, step, lanes, first;
};

/* Pairs [t, end) one by one. */
static inline void winograd_split_edge(const struct winograd_row *r, int64_t t, int64_t end, float *even,
                                       float *odd)
{
    for (; t < end; t++)
        for (int64_t i = 0, at = r->first + 2 * t; i < 2; i++, at++) {
            float *to = (i ? odd : even) + t * r->lanes;
            if (r->from && at >= 0 && at < r->width)
                weave_copy(r->from + at * r->step, r->lanes, to);
            else
                for (int64_t l = 0; l < r->lanes; l += VW) vec_store_any(to + l, (vec){0});
        }
}

/* Splits the first `pairs` pairs into two streams; writes up to VW - 1 floats behind them. */
static inline void winograd_split_row(const struct winograd_row *r, int64_t pairs, float *even, float *odd)
{
    int64_t begin = r->first < 0 ? (1 - r->first) / 2 : 0, end = (r->width - r->first) / 2;
    if (end > pairs) end = pairs;
    if (begin > end || !r->from) begin = end = 0;
    winograd_split_edge(r, 0, begin, even, odd);
    if (begin < end)
        weave_split_pairs(r->from + (r->first + 2 * begin) * r->step, r->step, r->lanes, end - begin,
                          even + begin * r->lanes, odd + begin * r->lanes);
    winograd_split_edge(r, end, pairs, even, odd);
}

/* The transformed inputs of a row of `columns` columns. Its 4 rows of inputs are split into two streams each,
 * `stream` floats apart. */
VEC_INLINE void winograd_row_inputs(const float *const rows[4], int64_t stream, int64_t lanes,
                                    int64_t columns, int64_t panel_point, float *panel)
{
    for (int64_t f = 0; f < columns; f += VW) {
        vec d[4][4];
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) {
            const float *even = rows[i] + f, *odd = even + stream;
            d[i][0] = vec_load(even), d[i][1] = vec_load(odd);
            d[i][2] = vec_load_any(even + lanes), d[i][3] = vec_load_any(odd + lanes);
        }
        winograd_transform_input(d);
#pragma GCC unroll 16
        for (int p = 0; p < WINOGRAD_POINTS; p++) vec_store_any(panel + f + p * panel_point, d[p / 4][p % 4]);
    }
}

/* As winograd_inputs, of a block; streams [4][2][stream]. Columns are written in order, as whole registers: up to
 * VW - 1 floats behind the last of each panel row are written, too. */
static inline void winograd_block_inputs(const struct window *c, const struct winograd_block *b,
                                         const float *x, int64_t first, int64_t count, int64_t panel_row,
                                         int64_t panel_point, float *panel, float *streams, int64_t stream)
{
    const int64_t *in = c->in.d;
    int64_t taps = c->kernel[AXIS_D], down = (c->out.d[AXIS_H] + 1) / 2, columns = b->tiles * b->lanes;
    int64_t row = in[AXIS_W] * c->lanes, left = 2 * b->tile - c->pad_before[AXIS_W];
    for (int64_t k = first; k < first + count; k++, panel += panel_row)
        for (int64_t r = 0; r < b->rows; r++) {
            int64_t y = (b->row + r) % down, z = (b->row + r) / down - c->pad_before[AXIS_D] + k % taps;
            const float *plane = x + (k / taps * in[AXIS_D] + z) * in[AXIS_H] * row + b->lane, *rows[4];
            for (int64_t i = 0; i < 4; i++) {
                int64_t at = 2 * y - c->pad_before[AXIS_H] + i;
                bool inside = z >= 0 && z < in[AXIS_D] && at >= 0 && at < in[AXIS_H];
                float *to = streams + (2 * y + i) % 4 * 2 * stream;
                rows[i] = to;
                struct winograd_row split = {inside ? plane + at * row : NULL, in[AXIS_W], c->lanes, b->lanes,
                                             left};
                if (r == 0 || y == 0 || i >= 2) /* else it is there from the row above */
                    winograd_split_row(&split, b->tiles + 1, to, to + stream);
            }
            winograd_row_inputs(rows, stream, b->lanes, columns, panel_point, panel + r * columns);
        }
}

/* winograd_weight.c: computes the sums of one leaf for a block of the weight gradient, laid out as those of
 * panel_leaf; work: winograd_leaf_floats(). */
struct panel_block;
void LEVEL(winograd_leaf)(const struct window *c, const struct panel_block *b, const float *x,
                          const float *dy, float *sums, float *work);
int64_t LEVEL(winograd_leaf_floats)(void);

#endif
