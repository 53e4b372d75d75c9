/* outer.c - the weight gradients of outer.h.
 *
 * The register tile keeps M output channels x T taps; each column (16 lanes at one position) costs
 * M + T loads for M x T products. Where there is padding or more than two leaves, the input rows under a band
 * of output rows and the gradients of a tile are copied leaf by leaf, side by side and with zeros around: so
 * padding and a leaf's place among the lanes cost little, and lines far apart do not compete for the same
 * place in the L1 cache. All leaves take their part of a band while its gradients lie in the L2 cache. */
#include "math/vec/conv/outer/outer.h"
#include "math/vec/conv/outer/outer_tile.h"
#include "math/vec/transpose.h"

#define NEAR_LEAVES 2                /* side by side, whose lines still find room in the L1 cache */
#define BAND_FLOATS (128 * 1024 / 4) /* of a leaf, inputs and gradients: 8 leaves fill half an L2 cache */

/* Work space: all sums [leaves][OC][depth][16] first, the band [leaves][IC][rows][width][lanes], gradients
 * [leaves][M][OUTER_COLUMNS][16], and offsets: of each tap and of each column in the band, of each column in dy,
 * and among the copied gradients. */
struct outer {
    float *sums, *band, *gradients;
    int64_t *tap, *x_column, *dy_column, *copy_column;
    int64_t lanes, depth; /* of a leaf; taps */
    int64_t rows, width;  /* of an input plane in the band, or of x itself */
    int64_t out_rows;     /* of the band */
    int64_t stride;       /* lanes from a position to the next, in the band or x */
    bool copies;
    bool fresh; /* no sums yet */
};

/* Input positions along an axis under `count` positions of the output. */
static int64_t outer_span_under(const struct window *c, enum shape_axis axis, int64_t count)
{
    return (count - 1) * c->stride[axis] + (c->kernel[axis] - 1) * c->dilation[axis] + 1;
}

static int64_t outer_rows_under(const struct window *c, int64_t out_rows)
{
    return outer_span_under(c, AXIS_H, out_rows);
}

static int64_t outer_lay_out(const struct window *c, float *base, struct outer *o)
{
    int64_t used = 0, lanes = c->lanes / c->leaves, width = outer_span_under(c, AXIS_W, c->out.d[AXIS_W]),
            rows = 1;
    while (rows < c->out.d[AXIS_H] &&
           (c->in.c * outer_rows_under(c, rows + 1) * width + c->out.c * (rows + 1) * c->out.d[AXIS_W]) *
                   lanes <=
               BAND_FLOATS)
        rows++;
    bool copies = !window_is_inside(c) || c->leaves > NEAR_LEAVES;
    *o = (struct outer){.lanes = lanes,
                        .depth = depth_of(c),
                        .rows = copies ? outer_rows_under(c, rows) : c->in.d[AXIS_H],
                        .width = copies ? width : c->in.d[AXIS_W],
                        .out_rows = rows,
                        .stride = copies ? lanes : c->lanes,
                        .copies = copies};
    int64_t band = c->in.c * outer_rows_under(c, rows) * width * c->lanes, min_band = c->leaves * BAND_FLOATS;
    float *offsets;
    conv_carve(base, &used, &o->sums, c->leaves * c->out.c * o->depth * 16);
    conv_carve(base, &used, &offsets, 2 * (o->depth + 3 * OUTER_COLUMNS));
    conv_carve(base, &used, &o->gradients, c->leaves * OUTER_TILE_M * OUTER_COLUMNS * 16);
    conv_carve(base, &used, &o->band, band > min_band ? band : min_band);
    o->x_column = (int64_t *)(void *)offsets;
    o->dy_column = o->x_column + OUTER_COLUMNS;
    o->copy_column = o->dy_column + OUTER_COLUMNS;
    o->tap = o->copy_column + OUTER_COLUMNS;
    return used;
}

/* One leaf's lanes of `count` positions, and zeros. */
VEC_INLINE float *outer_copy_lanes(const struct window *c, const struct outer *o, int64_t count,
                                   const float *x, float *to)
{
    for (int64_t i = 0; i < count; i++, x += c->lanes, to += o->lanes)
        for (int64_t n = 0; n < o->lanes; n += VW) vec_store(to + n, vec_load(x + n));
    return to;
}

VEC_INLINE float *outer_clear_lanes(const struct outer *o, int64_t count, float *to)
{
    memset(to, 0, (size_t)(count * o->lanes) * sizeof *to);
    return to + count * o->lanes;
}

/* One leaf's input rows from `first` on; rows and columns outside are zeros. */
static void outer_copy_band(const struct window *c, const struct outer *o, int64_t first, int64_t rows,
                            const float *x, float *band)
{
    int64_t left = c->pad_before[AXIS_W], right = o->width - left;
    int64_t inside = right < c->in.d[AXIS_W] ? right : c->in.d[AXIS_W];
    for (int64_t ic = 0; ic < c->in.c; ic++)
        for (int64_t row = 0; row < rows; row++) {
            int64_t y = first + row - c->pad_before[AXIS_H];
            float *to = band + (ic * o->rows + row) * o->width * o->lanes;
            if (y < 0 || y >= c->in.d[AXIS_H] || inside <= 0) {
                outer_clear_lanes(o, o->width, to);
                continue;
            }
            if (left) to = outer_clear_lanes(o, left, to);
            to = outer_copy_lanes(c, o, inside, x + (ic * c->in.d[AXIS_H] + y) * c->in.d[AXIS_W] * c->lanes,
                                  to);
            if (right > inside) outer_clear_lanes(o, right - inside, to);
        }
}

/* All leaves' gradients of M channels, in the order in which they lie in memory. */
static void outer_copy_gradients(const struct window *c, const struct outer *o, int64_t m, int64_t columns,
                                 const float *dy)
{
    for (int64_t i = 0; i < m; i++, dy += shape_positions(c->out) * c->lanes)
        for (int64_t column = 0; column < columns; column++) {
            const float *from = dy + o->dy_column[column];
            float *to = o->gradients + (i * OUTER_COLUMNS + column) * 16;
            for (int64_t leaf = 0; leaf < c->leaves;
                 leaf++, from += o->lanes, to += OUTER_TILE_M * OUTER_COLUMNS * 16)
                for (int64_t n = 0; n < 16; n += VW) vec_store(to + n, vec_load(from + n));
        }
}

/* All channels and leaves over the columns in the tables. */
static void outer_add_columns(const struct window *c, const struct outer *o, int64_t columns,
                              const float *band, const float *dy)
{
    int64_t plane = shape_positions(c->out) * c->lanes;
    struct outer_tile t = {.x_column = o->x_column,
                           .columns = columns,
                           .tap = o->tap,
                           .depth = o->depth,
                           .fresh = o->fresh,
                           .plane = o->copies ? OUTER_COLUMNS * 16 : plane,
                           .dy_column = o->copies ? o->copy_column : o->dy_column};
    for (int64_t oc = 0, m; oc < c->out.c; oc += m, dy += m * plane) {
        m = outer_tile_channels(c->out.c - oc);
        if (o->copies) outer_copy_gradients(c, o, m, columns, dy);
        for (int64_t leaf = 0; leaf < c->leaves; leaf++) {
            t.x = band + leaf * (o->copies ? c->in.c * o->rows * o->width : 1) * o->lanes;
            t.dy = o->copies ? o->gradients + leaf * OUTER_TILE_M * OUTER_COLUMNS * 16 : dy + leaf * o->lanes;
            LEVEL(outer_multiply)((int)m, &t, o->sums + (leaf * c->out.c + oc) * o->depth * 16);
        }
    }
}

/* The band of `rows` output rows from `oy` on: its columns, 16 lanes at a position each, in order. */
static void outer_add_band(const struct window *c, struct outer *o, int64_t oy, int64_t rows, const float *x,
                           const float *dy)
{
    int64_t columns = 0, down = c->stride[AXIS_H], across = c->stride[AXIS_W];
    const float *band = o->copies ? o->band : x + oy * down * c->in.d[AXIS_W] * c->lanes;
    for (int64_t leaf = 0; o->copies && leaf < c->leaves; leaf++)
        outer_copy_band(c, o, oy * down, outer_rows_under(c, rows), x + leaf * o->lanes,
                        o->band + leaf * c->in.c * o->rows * o->width * o->lanes);
    for (int64_t row = 0; row < rows; row++)
        for (int64_t ox = 0; ox < c->out.d[AXIS_W]; ox++)
            for (int64_t lane = 0; lane < o->lanes; lane += 16) {
                o->x_column[columns] = (row * down * o->width + ox * across) * o->stride + lane;
                o->dy_column[columns] = ((oy + row) * c->out.d[AXIS_W] + ox) * c->lanes + lane;
                if (++columns < OUTER_COLUMNS) continue;
                outer_add_columns(c, o, columns, band, dy);
                columns = 0, o->fresh = false;
            }
    if (columns) outer_add_columns(c, o, columns, band, dy);
    o->fresh = false;
}

/* Adds up the 16 lanes of each sum. */
static void outer_add_lanes(int64_t count, const float *lanes, float *sums)
{
    for (int64_t i = 0; i < count; i += VW) {
        float some[VW] __attribute__((aligned(64)));
        vec_store(some, vec_sum16_rows(lanes + i * 16, count - i));
        memcpy(sums + i, some, (size_t)(count - i < VW ? count - i : VW) * sizeof *sums);
    }
}

/* Columns of leaves of a multiple of 16 lanes lie at one position each; others run on from position to position. */
static bool outer_runs(const struct window *c)
{
    return c->lanes % 16 != 0;
}

int64_t LEVEL(outer_floats)(const struct window *c)
{
    struct outer o;
    return outer_runs(c) ? LEVEL(outer_run_floats)(c) : outer_lay_out(c, NULL, &o);
}

void LEVEL(outer_sums)(const struct window *c, const float *x, const float *dy, float *work)
{
    if (outer_runs(c)) {
        LEVEL(outer_run_sums)(c, x, dy, work);
        return;
    }
    struct outer o;
    outer_lay_out(c, work, &o);
    int64_t taps = window_taps(c), across = c->kernel[AXIS_W];
    for (int64_t k = 0; k < o.depth; k++)
        o.tap[k] = ((k / taps * o.rows + k % taps / across * c->dilation[AXIS_H]) * o.width +
                    k % across * c->dilation[AXIS_W]) *
                   o.stride;
    o.fresh = true;
    for (int64_t i = 0; i < OUTER_COLUMNS; i++) o.copy_column[i] = i * 16;
    for (int64_t oy = 0; oy < c->out.d[AXIS_H]; oy += o.out_rows)
        outer_add_band(c, &o, oy, c->out.d[AXIS_H] - oy < o.out_rows ? c->out.d[AXIS_H] - oy : o.out_rows, x,
                       dy);
}

void LEVEL(outer_leaf)(const struct window *c, int64_t leaf, float *sums, const float *work)
{
    int64_t weights = c->out.c * depth_of(c);
    outer_add_lanes(weights, work + leaf * weights * 16, sums);
}
