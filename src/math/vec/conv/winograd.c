/* winograd.c - forward pass and data gradient of winograd.h's convolutions. The data gradient is a forward
 * pass as well: of dy, with the window mirrored, input and output channels exchanged, and padding 2 - p.
 *
 * Padded passes of up to 96 terms go through winograd/strips.c. For others, columns are tiles x lanes, those
 * without samples left out. A block of J columns is carried from its input to its output while it lies in the L2
 * cache: transformed inputs V [16][S][J], S the terms of a sum; for each block of output channels the 16 products
 * U V = M [16][OC][J] with the register tile; outputs. The bias enters as the start of the sums of point (1, 1),
 * which every output takes once. */
#include "math/vec/conv/winograd/blocks.h"
#include "math/vec/conv/winograd/product.h"
#include "math/vec/conv/winograd/strips.h"

#define V_FLOATS                                                                                             \
    (256 * 1024 / 4) /* panels of inputs and results: together in the smallest L2 cache of today */
#define M_FLOATS (128 * 1024 / 4)
#define PAD      16 /* floats between the panels of two points, which else compete for the L1 cache */

/* A convolution as this file sees it: c is the window (of the transposed convolution for the data
 * gradient). */
struct winograd {
    struct window c;
    struct tile_shape shape;
    struct finish finish;
    int64_t used;     /* registers of a tile with samples */
    int64_t columns;  /* registers: tiles x used */
    int64_t j;        /* columns of a block */
    int64_t rows;     /* output channels of a block */
    int64_t packed;   /* OC rounded up to a tile */
    int64_t terms;    /* S */
    float *u, *v, *m; /* U [16][packed / m][S][m], V [16][S][J], M [16][rows][J] */
    float *streams;   /* [4][2][stream]: rows of a dense block */
    int64_t stream;
    struct winograd_column *column; /* [J] */
    int64_t *lane, *unused;         /* [used]: where a register starts, lanes behind it without samples */
};

#define DENSE_COLUMNS 48 /* of a block at least: rows of the input are read again for every block */

static int64_t winograd_lay_out(const struct window *c, float *base, struct winograd *w)
{
    struct tile_shape shape = LEVEL(tile_shape_for)(c->out.c);
    int64_t terms = winograd_terms(c), fit = V_FLOATS / (WINOGRAD_POINTS * VW * terms) / shape.j * shape.j,
            used = 0, least = (DENSE_COLUMNS / VW + shape.j - 1) / shape.j * shape.j;
    if (winograd_is_dense(c) && fit < least) fit = least;
    *w = (struct winograd){.c = *c,
                           .shape = shape,
                           .terms = terms,
                           .j = fit > shape.j ? fit : shape.j,
                           .packed = (c->out.c + shape.m - 1) / shape.m * shape.m};
    int64_t rows = M_FLOATS / (WINOGRAD_POINTS * VW * w->j) / shape.m * shape.m;
    w->rows = rows < shape.m ? shape.m : rows < w->packed ? rows : w->packed;
    w->stream = winograd_stream(w->j * VW);
    float *column, *lane;
    conv_carve(base, &used, &w->u, WINOGRAD_POINTS * (w->packed * terms + PAD));
    conv_carve(base, &used, &w->v, WINOGRAD_POINTS * (terms * w->j * VW + PAD));
    conv_carve(base, &used, &w->m, WINOGRAD_POINTS * (w->rows * w->j * VW + PAD));
    conv_carve(base, &used, &w->streams, 8 * w->stream);
    conv_carve(base, &used, &column, w->j * (int64_t)(sizeof *w->column / sizeof(float)));
    conv_carve(base, &used, &lane, 4 * (c->lanes / VW));
    w->column = (struct winograd_column *)(void *)column;
    w->lane = (int64_t *)(void *)lane;
    w->unused = w->lane + c->lanes / VW;
    return used;
}

/* Lists the registers of a tile that hold samples. */
static void winograd_list_lanes(struct winograd *w)
{
    int64_t own = w->c.lanes / w->c.leaves;
    w->used = 0;
    for (int64_t leaf = 0; leaf < w->c.leaves; leaf++) {
        int64_t used = window_used_lanes(&w->c, leaf, VW);
        for (int64_t lane = 0; lane < used; lane += VW, w->used++)
            w->lane[w->used] = leaf * own + lane, w->unused[w->used] = 0;
        w->unused[w->used - 1] = own - used;
    }
    w->columns = winograd_tiles(&w->c.out) * w->used;
}

static struct window winograd_transpose(const struct window *c)
{
    struct window t = *c;
    t.in = c->out, t.out = c->in;
    for (int i = 0; i < SHAPE_AXES; i++) {
        t.pad_before[i] = c->kernel[i] - 1 - c->pad_before[i];
        t.pad_after[i] = c->kernel[i] - 1 - c->pad_after[i];
    }
    return t;
}

static int64_t winograd_scratch_floats(const struct window *c)
{
    struct winograd w;
    struct window t = winograd_transpose(c);
    int64_t forward = strips_fit(c) ? LEVEL(strips_floats)(c) : winograd_lay_out(c, NULL, &w);
    int64_t data = strips_fit(&t) ? LEVEL(strips_floats)(&t) : winograd_lay_out(&t, NULL, &w);
    return forward > data ? forward : data;
}

static void winograd_pack_weights(const struct winograd *w, const struct winograd_weights *weights)
{
    for (int64_t oc = 0; oc < w->packed; oc += w->shape.m)
        LEVEL(winograd_transform_weights)
        (&w->c, weights, oc, w->shape.m, w->packed * w->terms + PAD, w->u + oc * w->terms);
}

/* M of output channels [oc, oc + rows). */
static void winograd_multiply(const struct winograd *w, int64_t oc, int64_t rows, int64_t columns)
{
    for (int point = 0; point < WINOGRAD_POINTS; point++) {
        struct winograd_product p = {.rows = rows,
                                     .terms = w->terms,
                                     .registers = columns,
                                     .a = w->u + point * (w->packed * w->terms + PAD) + oc * w->terms,
                                     .b = w->v + point * (w->terms * w->j * VW + PAD),
                                     .b_row = w->j * VW,
                                     .result = w->m + point * (w->rows * w->j * VW + PAD),
                                     .result_row = w->j * VW,
                                     .bias = w->finish.bias && point == 5 ? w->finish.bias + oc : NULL};
        LEVEL(winograd_multiply_point)(w->shape, &p);
    }
}

/* Zeros of `lanes` lanes, a multiple of VW. */
VEC_INLINE void winograd_clear(float *y, int64_t lanes)
{
    for (int64_t i = 0; i < lanes; i += VW) vec_store(y + i, (vec){0});
}

/* Stores the 2x2 outputs of a column, `row` and `lanes` floats apart from `at` on; at the right and lower edge some
 * do not exist. The `unused` lanes behind them become zeros. */
VEC_INLINE void winograd_store_column(vec out[2][2], bool right, bool below, const struct finish *finish,
                                      int64_t at, int64_t row, int64_t lanes, int64_t unused, float *y)
{
    VEC_EACH (i, 2) {
        if (i && !below) break;
        int64_t to = at + i * row;
        vec_store(y + to, finish_apply(finish, to, out[i][0]));
        winograd_clear(y + to + VW, unused);
        if (!right) continue;
        to += lanes;
        vec_store(y + to, finish_apply(finish, to, out[i][1]));
        winograd_clear(y + to + VW, unused);
    }
}

static void winograd_transform_outputs(const struct winograd *w, int64_t oc, int64_t rows, int64_t columns,
                                       float *y)
{
    const struct winograd_column *column = w->column;
    int64_t height = w->c.out.d[AXIS_H], width = w->c.out.d[AXIS_W], lanes = w->c.lanes, block = w->j;
    int64_t point_floats = w->rows * block * VW + PAD;
    int64_t volume = shape_positions(w->c.out) * lanes, at = oc * volume;
    struct finish finish = w->finish;
    const float *from = w->m;
    for (int64_t i = 0; i < rows; i++, at += volume, from += block * VW)
        for (int64_t j = 0; j < columns; j++) {
            const struct winograd_column *t = &column[j];
            vec out[2][2];
            winograd_transform_output(from + j * VW, point_floats, out);
            winograd_store_column(out, t->x + 1 < width, t->y + 1 < height, &finish,
                                  at + ((t->z * height + t->y) * width + t->x) * lanes + t->lane,
                                  width * lanes, lanes, t->unused, y);
        }
}

/* Stores the first `count` elements, as many as there are. */
VEC_INLINE void winograd_store(const struct finish *f, int64_t at, int64_t count, vec v, float *y)
{
    if (count <= 0) return;
    int64_t stored = count < VW ? count : VW;
    vec_store_some(y + at, stored, finish_apply_part(f, at, stored, v));
}

/* The outputs of a row of dense columns: `rows` rows of `floats` floats, `row` apart, from `at` on. */
struct winograd_output {
    int64_t at, rows, row, floats;
};

/* Rows whose positions are joined in registers; `lanes` is a constant of weave_lanes. */
VEC_INLINE void winograd_join_outputs(const int lanes, const struct winograd *w,
                                      const struct winograd_output *o, const float *m, int64_t columns,
                                      float *y)
{
    int64_t point_floats = w->rows * w->j * VW + PAD;
    struct finish finish = w->finish;
    for (int64_t f = 0; f < columns; f += VW) {
        vec out[2][2];
        winograd_transform_output(m + f, point_floats, out);
        VEC_EACH (i, 2) {
            if (i == o->rows) break;
            int64_t at = o->at + i * o->row + 2 * f, left = o->floats - 2 * f;
            vec low, high;
            weave_join(lanes, out[i][0], out[i][1], &low, &high);
            winograd_store(&finish, at, left, low, y);
            winograd_store(&finish, at + VW, left - VW, high, y);
        }
    }
}

/* Others are moved position by position. Where these follow each other, whole registers are stored: their excess is
 * overwritten by the next position. */
static void winograd_move_outputs(const struct winograd *w, int64_t lanes, const struct winograd_output *o,
                                  const float *m, int64_t columns, float *y)
{
    int64_t point_floats = w->rows * w->j * VW + PAD, step = w->c.lanes;
    for (int64_t f = 0; f < columns; f += VW) {
        vec out[2][2];
        winograd_transform_output(m + f, point_floats, out);
        VEC_EACH (i, 4) vec_store(w->streams + i * w->stream + f, out[i / 2][i % 2]);
    }
    for (int64_t i = 0; i < o->rows; i++)
        for (int64_t p = 0; p * lanes < o->floats; p++) {
            const float *from = w->streams + (2 * i + p % 2) * w->stream + p / 2 * lanes;
            int64_t at = o->at + i * o->row + p * step, left = step == lanes ? o->floats - p * lanes : lanes;
            for (int64_t l = 0; l < lanes; l += VW)
                winograd_store(&w->finish, at + l, left - l, vec_load_any(from + l), y);
        }
}

/* The outputs of a block of dense columns. */
static void winograd_block_outputs(const struct winograd *w, const struct winograd_block *b, int64_t oc,
                                   int64_t rows, float *y)
{
    int64_t height = w->c.out.d[AXIS_H], width = w->c.out.d[AXIS_W], down = (height + 1) / 2;
    int64_t columns = b->tiles * b->lanes, volume = shape_positions(w->c.out) * w->c.lanes;
    int64_t positions = width - 2 * b->tile < 2 * b->tiles ? width - 2 * b->tile : 2 * b->tiles;
    struct winograd_output o = {.row = width * w->c.lanes, .floats = positions * b->lanes};
    int join = b->lanes == w->c.lanes ? weave_lanes(b->lanes) : 0;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t r = 0; r < b->rows; r++) {
            int64_t z = (b->row + r) / down, y_first = (b->row + r) % down * 2;
            const float *m = w->m + i * w->j * VW + r * columns;
            o.at = (oc + i) * volume + (z * height + y_first) * o.row + 2 * b->tile * w->c.lanes + b->lane;
            o.rows = height - y_first < 2 ? 1 : 2;
            switch (join) {
#define JOIN(n)                                                                                              \
    case n:                                                                                                  \
        winograd_join_outputs(n, w, &o, m, columns, y);                                                      \
        break;
                WEAVE_LANES(JOIN)
#undef JOIN
            default:
                winograd_move_outputs(w, b->lanes, &o, m, columns, y);
            }
        }
}

/* A block of dense columns from its input to its output. */
static void winograd_run_block(const struct winograd *w, const struct winograd_block *b, const float *x,
                               float *y)
{
    int64_t columns = b->rows * b->tiles * b->lanes;
    winograd_block_inputs(&w->c, b, x, 0, w->terms, w->j * VW, w->terms * w->j * VW + PAD, w->v, w->streams,
                          w->stream);
    for (int64_t oc = 0; oc < w->c.out.c; oc += w->rows) {
        int64_t rows = w->c.out.c - oc < w->rows ? w->c.out.c - oc : w->rows;
        winograd_multiply(w, oc, rows, (columns + VW - 1) / VW);
        winograd_block_outputs(w, b, oc, rows, y);
    }
}

static void winograd_run_dense(const struct winograd *w, const float *x, float *y)
{
    struct winograd_block b = {0};
    while (winograd_next_block(&w->c, w->j * VW, &b)) winograd_run_block(w, &b, x, y);
}

static void winograd_run(struct winograd *w, const float *x, float *y)
{
    if (winograd_is_dense(&w->c)) {
        winograd_run_dense(w, x, y);
        return;
    }
    winograd_list_lanes(w);
    for (int64_t first = 0; first < w->columns; first += w->j) {
        int64_t columns = w->columns - first < w->j ? w->columns - first : w->j;
        for (int64_t j = 0; j < columns; j++) {
            int64_t tile = (first + j) / w->used, i = (first + j) % w->used;
            w->column[j] = winograd_column(&w->c, tile, w->lane[i]);
            w->column[j].unused = w->unused[i];
        }
        winograd_inputs(&w->c, w->column, columns, x, 0, w->terms, w->j * VW, w->terms * w->j * VW + PAD,
                        w->v);
        for (int64_t oc = 0; oc < w->c.out.c; oc += w->rows) {
            int64_t rows = w->c.out.c - oc < w->rows ? w->c.out.c - oc : w->rows;
            winograd_multiply(w, oc, rows, columns);
            winograd_transform_outputs(w, oc, rows, columns, y);
        }
    }
}

static void winograd_convolve(const struct window *c, const struct winograd_weights *weights,
                              const struct finish *finish, const float *x, float *y, float *scratch)
{
    if (strips_fit(c)) {
        LEVEL(strips_run)(c, weights, finish, x, y, scratch);
        return;
    }
    struct winograd w;
    winograd_lay_out(c, scratch, &w);
    winograd_pack_weights(&w, weights);
    w.finish = *finish;
    winograd_run(&w, x, y);
}

static void winograd_forward(const struct window *c, const float *weight, const float *x,
                             const struct finish *finish, float *y, float *scratch)
{
    int64_t window = window_taps(c);
    struct winograd_weights weights = {weight, c->in.c * window, window, 9, 1};
    winograd_convolve(c, &weights, finish, x, y, scratch);
}

static void winograd_backward_data(const struct window *c, const float *weight, const float *dy,
                                   const struct finish *finish, float *dx, float *scratch)
{
    struct window t = winograd_transpose(c);
    int64_t window = window_taps(c);
    struct winograd_weights weights = {weight + window - 1, window, c->in.c * window, -9, -1};
    winograd_convolve(&t, &weights, finish, dy, dx, scratch);
}

const struct conv_way LEVEL(conv_way_winograd) = {
    .scratch_floats = winograd_scratch_floats,
    .forward = winograd_forward,
    .backward_data = winograd_backward_data,
};
