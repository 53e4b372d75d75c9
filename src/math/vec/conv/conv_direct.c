/* conv_direct.c - forward pass and data gradient of a convolution as plain sums of products.
 *
 * Both are the same walk over their result: an element at a position sums, over the channels of the source,
 * the taps whose source element exists. Along one axis these taps are a span; positions of a row with equal
 * spans that lie side by side in source and result (at stride 1) form a run of columns (positions x lanes),
 * which the register tiles read and write in place. So padding costs nothing, the data gradient writes every
 * element once, and each is one chain of products over channels and taps in order. With many channels, where
 * a tile would walk the source in large strides, the columns of a panel are first copied together. */
#include "math/vec/conv/conv.h"

#define PANEL_SOURCE 16 /* more source channels than this are copied into panels, */
#define PANEL_RESULT 8  /* if there are as many channels to use them */
#define FEW_CHANNELS 4
#define PANEL_FLOATS (256 * 1024 / 4) /* a part of an L2 cache */

/* One of the two directions, and its scratch: weights in tiles [rows / m][channels][taps][m], the panel
 * [channels][taps][columns], and tables of taps. */
struct direct {
    const struct window *c;
    bool data; /* the data gradient */
    struct finish finish;
    float *result;
    struct shape from, to;
    struct tile_shape shape;
    int64_t taps, panel_columns; /* in registers; 0 without panels */
    float *packed, *panel;
    struct tap *tap, *panel_tap; /* [taps], of the source and of the panel */
};

/* The taps of one axis that contribute to a result element: `count` from `tap` on, `step` apart; the first
 * reads the source at `source`, the next ones `ahead` further each. */
struct span {
    int64_t tap, count, source;
};

static int64_t direct_lay_out(const struct window *c, bool data, float *base, struct direct *d)
{
    *d = (struct direct){.c = c,
                         .data = data,
                         .from = data ? c->out : c->in,
                         .to = data ? c->in : c->out,
                         .taps = window_taps(c)};
    d->shape = LEVEL(tile_shape_for)(d->to.c);
    int64_t used = 0, depth = d->from.c * d->taps,
            fit = PANEL_FLOATS / (depth * VW) / d->shape.j * d->shape.j;
    if (d->from.c > PANEL_SOURCE && d->to.c >= PANEL_RESULT)
        d->panel_columns = fit > d->shape.j ? fit : d->shape.j;
    float *tables;
    conv_carve(base, &used, &d->packed, (d->to.c + TILE_MAX_M) * depth);
    conv_carve(base, &used, &d->panel, depth * d->panel_columns * VW);
    conv_carve(base, &used, &tables, 2 * d->taps * (int64_t)(sizeof *d->tap / sizeof(float)));
    d->tap = (struct tap *)(void *)tables;
    d->panel_tap = d->tap + d->taps;
    return used;
}

static int64_t direct_scratch_floats(const struct window *c)
{
    struct direct d;
    int64_t forward = direct_lay_out(c, false, NULL, &d), data = direct_lay_out(c, true, NULL, &d);
    return forward > data ? forward : data;
}

static int64_t direct_round_up(int64_t a, int64_t b)
{
    return a > 0 ? (a + b - 1) / b : 0;
}

/* The span of result coordinate `at` along an axis. */
static struct span direct_span(const struct direct *d, enum shape_axis axis, int64_t at)
{
    int64_t stride = d->c->stride[axis], kernel = d->c->kernel[axis], dilation = d->c->dilation[axis],
            size = d->from.d[axis], first, end;
    if (!d->data) { /* source = at * stride - padding + tap * dilation */
        int64_t start = at * stride - d->c->pad_before[axis];
        first = direct_round_up(-start, dilation);
        end = direct_round_up(size - start, dilation);
        if (end > kernel) end = kernel;
        return (struct span){first, end > first ? end - first : 0, start + first * dilation};
    }
    /* source * stride = at + padding - tap * dilation, of which one is 1: taps are `stride` apart and the source
     * runs backwards */
    int64_t reach = at + d->c->pad_before[axis], low = reach - (size - 1) * stride;
    first = reach % stride;
    if (low > first) first += direct_round_up(direct_round_up(low, dilation) - first, stride) * stride;
    end = reach / dilation + 1 < kernel ? reach / dilation + 1 : kernel;
    return (struct span){first, end > first ? (end - first + stride - 1) / stride : 0,
                         (reach - first * dilation) / stride};
}

/* Packs weights [OC][IC][taps] into tiles. */
static void direct_pack_weights(const struct direct *d, const float *weight)
{
    int64_t across = d->c->in.c * d->taps, row = d->data ? d->taps : across,
            channel = d->data ? across : d->taps;
    float *to = d->packed;
    for (int64_t first = 0; first < d->to.c; first += d->shape.m)
        for (int64_t k = 0; k < d->from.c * d->taps; k++)
            for (int64_t i = first; i < first + d->shape.m; i++)
                *to++ = i < d->to.c ? weight[i * row + k / d->taps * channel + k % d->taps] : 0;
}

/* The table for the taps of three spans; returns how many. */
static int64_t direct_list_taps(const struct direct *d, const struct span span[SHAPE_AXES])
{
    const int64_t *kernel = d->c->kernel;
    int64_t step[SHAPE_AXES], ahead[SHAPE_AXES], line = d->data ? -1 : 1, count = 0, k[SHAPE_AXES];
    for (int axis = SHAPE_AXES - 1; axis >= 0; line *= d->from.d[axis--]) {
        step[axis] = d->data ? d->c->stride[axis] : 1;
        ahead[axis] = line * d->c->dilation[axis];
    }
    for (k[AXIS_D] = 0; k[AXIS_D] < span[AXIS_D].count; k[AXIS_D]++)
        for (k[AXIS_H] = 0; k[AXIS_H] < span[AXIS_H].count; k[AXIS_H]++)
            for (k[AXIS_W] = 0; k[AXIS_W] < span[AXIS_W].count; k[AXIS_W]++) {
                int64_t tap = 0, source = 0;
                for (int axis = 0; axis < SHAPE_AXES; axis++) {
                    tap = tap * kernel[axis] + span[axis].tap + k[axis] * step[axis];
                    source += k[axis] * ahead[axis];
                }
                d->tap[count++] = (struct tap){tap * d->shape.m, source * d->c->lanes};
            }
    return count;
}

/* Copies `columns` registers of every channel and tap of the source side by side. */
static void direct_fill_panel(const struct direct *d, int64_t taps, int64_t columns, const float *from)
{
    float *to = d->panel;
    for (int64_t channel = 0; channel < d->from.c; channel++, from += shape_positions(d->from) * d->c->lanes)
        for (int64_t k = 0; k < taps; k++, to += columns * VW)
            for (int64_t j = 0; j < columns * VW; j += VW)
                vec_store(to + j, vec_load(from + d->tap[k].b + j));
    for (int64_t k = 0; k < taps; k++) d->panel_tap[k] = (struct tap){d->tap[k].a, k * columns * VW};
}

/* A run of columns, which starts at `at` in the result. */
static void direct_run(const struct direct *d, int64_t taps, int64_t columns, const float *from, int64_t at)
{
    struct tile t = {.channels = taps ? d->from.c : 0,
                     .taps = taps,
                     .a_channel = d->taps * d->shape.m,
                     .b_channel = shape_positions(d->from) * d->c->lanes,
                     .tap = d->tap,
                     .c_row = shape_positions(d->to) * d->c->lanes};
    int64_t block = d->panel_columns ? d->panel_columns : columns, m = d->shape.m;
    for (int64_t first = 0; first < columns; first += block) {
        int64_t count = columns - first < block ? columns - first : block;
        const float *b = from + first * VW;
        if (d->panel_columns) {
            direct_fill_panel(d, taps, count, b);
            b = d->panel, t.tap = d->panel_tap, t.b_channel = taps * count * VW;
        }
        for (int64_t j = 0; j < count; j += d->shape.j)
            for (int64_t row = 0; row < d->to.c; row += m) {
                t.a = d->packed + row * d->from.c * d->taps;
                t.b = b + j * VW;
                int64_t to = at + row * t.c_row + (first + j) * VW;
                t.c = d->result + to;
                t.rows = (int)(d->to.c - row < m ? d->to.c - row : m);
                t.finish = (struct finish){d->finish.bias ? d->finish.bias + row : NULL, d->finish.relu,
                                           d->finish.mask ? d->finish.mask + to : NULL};
                LEVEL(tile_run)(d->shape.m, count - j < d->shape.j ? count - j : d->shape.j, &t);
            }
    }
}

/* A row of the result, which starts at `at`: run by run. */
static void direct_walk_row(const struct direct *d, struct span span[SHAPE_AXES], const float *from,
                            int64_t at)
{
    int64_t lanes = d->c->lanes, width = d->to.d[AXIS_W];
    for (int64_t x = 0, next; x < width; x = next) {
        span[AXIS_W] = direct_span(d, AXIS_W, x);
        for (next = x + 1; next < width && d->c->stride[AXIS_W] == 1; next++) {
            struct span other = direct_span(d, AXIS_W, next);
            if (other.tap != span[AXIS_W].tap || other.count != span[AXIS_W].count) break;
        }
        int64_t taps = direct_list_taps(d, span), source = 0;
        for (int axis = 0; axis < SHAPE_AXES && taps; axis++)
            source = source * d->from.d[axis] + span[axis].source;
        direct_run(d, taps, (next - x) * lanes / VW, from + source * lanes, at + x * lanes);
    }
}

static void direct_walk(const struct direct *d, const float *from)
{
    const int64_t *size = d->to.d;
    struct span span[SHAPE_AXES];
    for (int64_t z = 0; z < size[AXIS_D]; z++) {
        span[AXIS_D] = direct_span(d, AXIS_D, z);
        for (int64_t y = 0; y < size[AXIS_H]; y++) {
            span[AXIS_H] = direct_span(d, AXIS_H, y);
            direct_walk_row(d, span, from, (z * size[AXIS_H] + y) * size[AXIS_W] * d->c->lanes);
        }
    }
}

static void direct_forward(const struct window *c, const float *weight, const float *x,
                           const struct finish *finish, float *y, float *scratch)
{
    struct direct d;
    direct_lay_out(c, false, scratch, &d);
    direct_pack_weights(&d, weight);
    d.finish = *finish;
    d.result = y;
    direct_walk(&d, x);
}

static void direct_backward_data(const struct window *c, const float *weight, const float *dy,
                                 const struct finish *finish, float *dx, float *scratch)
{
    struct direct d;
    direct_lay_out(c, true, scratch, &d);
    direct_pack_weights(&d, weight);
    d.finish = *finish;
    d.result = dx;
    direct_walk(&d, dy);
}

/* Backwards, windows that do not overlap have short runs, each with few taps, and a result of few channels has
 * few rows: then BLAS is faster. It also takes an axis with both stride and dilation. Convolutions that are not
 * transposed keep these kernels, whose bits do not depend on the processor. */
static bool direct_fits(const struct window *c, enum conv_product product)
{
    bool strides = false, overlaps = false, both = false;
    for (int i = 0; i < SHAPE_AXES; i++) {
        strides |= c->stride[i] > 1;
        overlaps |= c->kernel[i] > c->stride[i];
        both |= c->stride[i] > 1 && c->dilation[i] > 1;
    }
    if (product == CONV_WEIGHT) return false;
    if (product == CONV_FORWARD) return true;
    return !both && !(c->transposed && ((strides && !overlaps) || c->in.c <= FEW_CHANNELS));
}

const struct conv_way LEVEL(conv_way_direct) = {
    .fits = direct_fits,
    .scratch_floats = direct_scratch_floats,
    .forward = direct_forward,
    .backward_data = direct_backward_data,
};
