/* blocks.h - the columns of a dense pass (winograd.h), block by block, and their transformed inputs. */
#ifndef MATH_VEC_CONV_WINOGRAD_BLOCKS_H
#define MATH_VEC_CONV_WINOGRAD_BLOCKS_H

#include "math/vec/conv/winograd.h"
#include "math/vec/weave.h"

/* Dense columns: tiles [tile, tile + tiles) of rows of tiles [row, row + rows), which are counted through depth and
 * height, and their lanes [lane, lane + lanes). Column [row][tile][lane]. */
struct winograd_block {
    int64_t row, rows, tile, tiles, lane, lanes;
};

/* Advances from block to block of at most `most` columns, beginning with {0}: along rows, which are cut into equal
 * parts where they are longer, so that memory is read in order. Returns false behind the last. */
static inline bool winograd_next_block(const struct window *c, int64_t most, struct winograd_block *b)
{
    int64_t across = (c->out.d[AXIS_W] + 1) / 2, rows = c->out.d[AXIS_D] * ((c->out.d[AXIS_H] + 1) / 2);
    if (b->rows) {
        b->tile += b->tiles;
        if (b->tile == across) b->tile = 0, b->row += b->rows;
        if (b->row == rows) b->row = 0, b->lane += b->lanes;
        if (b->lane == c->lanes) return false;
    }
    b->lanes = c->lanes - b->lane < most ? c->lanes - b->lane : most;
    int64_t tiles = most / b->lanes, parts = (across + tiles - 1) / tiles,
            whole = 16; /* tiles of whole vectors */
    while (whole > 1 && whole / 2 * b->lanes % 16 == 0) whole /= 2;
    int64_t share = ((across + parts - 1) / parts + whole - 1) / whole * whole;
    if (share < tiles) tiles = share;
    b->tiles = across - b->tile < tiles ? across - b->tile : tiles;
    int64_t fit = parts > 1 ? 1 : most / (b->tiles * b->lanes);
    b->rows = rows - b->row < fit ? rows - b->row : fit;
    return true;
}

/* Floats of a stream: the even or odd positions of a row, as far as a block of at most `columns` columns sees them,
 * with room for whole registers behind. */
static inline int64_t winograd_stream(int64_t columns)
{
    return (3 * columns + 15) / 16 * 16 + 48;
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

/* Splits the first `pairs` pairs into two streams; writes up to VW - 1 floats behind them, and a position before
 * `odd`. Pairs that begin with an odd position are split as if each began one earlier and the streams were exchanged:
 * so most rows have no pair that is only half inside. */
static inline void winograd_split_row(const struct winograd_row *row, int64_t pairs, float *even, float *odd)
{
    struct winograd_row r = *row;
    if (r.first % 2 != 0) {
        float *before = odd - r.lanes;
        odd = even, even = before;
        r.first--, pairs++;
    }
    int64_t begin = r.first < 0 ? -r.first / 2 : 0, end = (r.width - r.first) / 2;
    if (end > pairs) end = pairs;
    if (begin > end || !r.from) begin = end = 0;
    winograd_split_edge(&r, 0, begin, even, odd);
    if (begin < end)
        weave_split_pairs(r.from + (r.first + 2 * begin) * r.step, r.step, r.lanes, end - begin,
                          even + begin * r.lanes, odd + begin * r.lanes);
    winograd_split_edge(&r, end, pairs, even, odd);
}

/* The transformed inputs of a row of `columns` columns. Its 4 rows of inputs are split into two streams each,
 * `stream` floats apart. */
VEC_INLINE void winograd_row_inputs(const float *const rows[4], int64_t stream, int64_t lanes,
                                    int64_t columns, int64_t panel_point, float *panel)
{
    for (int64_t f = 0; f < columns; f += VW) {
        vec d[4][4];
        VEC_EACH (i, 4) {
            const float *even = rows[i] + f, *odd = even + stream;
            d[i][0] = vec_load(even), d[i][1] = vec_load(odd);
            d[i][2] = vec_load_any(even + lanes), d[i][3] = vec_load_any(odd + lanes);
        }
        winograd_transform_input(d);
        VEC_EACH (p, WINOGRAD_POINTS) vec_store_any(panel + f + p * panel_point, d[p / 4][p % 4]);
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

#endif
