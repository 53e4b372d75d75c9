/* depthwise.c - convolutions whose every channel is a group of its own: all is read and written in place, but for
 * positions that are brought together (depthwise.h). Forward pass and data gradient are the same walk over their
 * result: a position sums the taps whose source exists, so padding and dilation cost nothing. */
#include "math/vec/conv/depthwise/depthwise.h"
#include "math/vec/conv/tree.h"

/* Result coordinates that are listed: a tile of rows may reach below the last one, and shares what these would see
 * with the rows that are there. */
static int64_t depthwise_listed_rows(const struct depthwise *d, int axis)
{
    return d->to.d[axis] + (axis == AXIS_H ? DEPTHWISE_ROWS - 1 : 0);
}

static int64_t depthwise_lay_out(const struct window *c, bool data, float *base, struct depthwise *d)
{
    int64_t used = 0, taps = window_taps(c), stride = c->stride[AXIS_W], across = c->kernel[AXIS_W];
    *d = (struct depthwise){.c = c,
                            .data = data,
                            .from = data ? c->out : c->in,
                            .to = data ? c->in : c->out,
                            .apart = stride > 1 && c->lanes % 16 != 0,
                            .phases = data ? stride : 1,
                            .across = (c->in.d[AXIS_W] + stride - 1) / stride,
                            .slot = (taps + 15) / 16 * 16};
    d->phase = d->across * c->lanes + VW; /* copies may write as much behind */
    int64_t together = stride * d->phase, in = d->from.d[AXIS_D] * d->from.d[AXIS_H];
    d->from_row = d->apart && !data ? together : d->from.d[AXIS_W] * c->lanes;
    d->to_row = d->apart && data ? together : d->to.d[AXIS_W] * c->lanes;
    float *tap, *count, *list, *row, *seen[2];
    conv_carve(base, &used, &tap, d->phases * across * (int64_t)(sizeof *d->tap / sizeof(float)));
    conv_carve(base, &used, &count, d->phases * (int64_t)(sizeof *d->taps / sizeof(float)));
    for (int i = 0; i < 2; i++) {
        conv_carve(base, &used, &seen[i], 2 * depthwise_listed_rows(d, i) * c->kernel[i]);
        d->seen[i] = (int64_t *)(void *)seen[i];
    }
    conv_carve(base, &used, &list, taps * (int64_t)(sizeof *d->list / sizeof(float)));
    conv_carve(base, &used, &row, 2 * taps / across * DEPTHWISE_ROWS);
    conv_carve(
        base, &used, &d->together,
        !d->apart ? 0 : 32 + (data ? DEPTHWISE_ROWS * together + d->to.d[AXIS_W] * c->lanes : in * together));
    conv_carve(base, &used, &d->sums, taps * DEPTHWISE_CHAINS * 16);
    conv_carve(base, &used, &d->zeros, c->lanes);
    conv_carve(base, &used, &d->slots, weight_tree_slots(c) * d->slot);
    d->tap = (struct side_tap *)(void *)tap;
    d->taps = (struct side_taps *)(void *)count;
    d->list = (struct seen_tap *)(void *)list;
    d->row = (const float **)(void *)row;
    return used;
}

static int64_t depthwise_scratch_floats(const struct window *c)
{
    struct depthwise d;
    int64_t most = 0;
    for (int data = 0; data < 2; data++) {
        int64_t floats = depthwise_lay_out(c, data, NULL, &d), plane = LEVEL(depthwise_plane_floats)(c, data);
        if (floats > most) most = floats;
        if (plane > most) most = plane;
    }
    return most;
}

/* The taps of a phase, of which there are `count`. */
static struct side_taps depthwise_span(const struct side_tap *tap, int64_t count, int64_t columns)
{
    int64_t low = 0, high = columns;
    for (int64_t k = 0; k < count; k++) low = tap[k].low > low ? tap[k].low : low;
    for (int64_t k = 0; k < count; k++) high = tap[k].high < high ? tap[k].high : high;
    low = (row_limit(low, 0, columns) + VW - 1) / VW * VW;
    return (struct side_taps){count, columns, low, high > low ? high / VW * VW : low};
}

/* Lists the taps of each phase: input = output * stride - padding + tap * dilation. */
static void depthwise_list_taps(const struct depthwise *d)
{
    const struct window *c = d->c;
    int64_t stride = c->stride[AXIS_W], lanes = c->lanes, size = d->from.d[AXIS_W];
    for (int64_t phase = 0; phase < d->phases; phase++) {
        struct side_tap *tap = d->tap + phase * c->kernel[AXIS_W];
        for (int64_t k = 0; k < c->kernel[AXIS_W]; k++) {
            int64_t shift = k * c->dilation[AXIS_W] - c->pad_before[AXIS_W],
                    seen = d->data ? phase - shift : shift;
            int64_t rest = (seen % stride + stride) % stride, first = (seen - rest) / stride;
            if (d->data && rest != 0) continue;
            int64_t count = d->data ? size : (size - rest + stride - 1) / stride;
            *tap = (struct side_tap){.index = k, .low = -first * lanes, .high = (count - first) * lanes};
            if (d->data)
                tap->at = first * lanes;
            else
                tap->at = d->apart ? rest * d->phase + first * lanes : seen * lanes;
            tap++;
        }
        const struct side_tap *first_tap = d->tap + phase * c->kernel[AXIS_W];
        int64_t columns = (d->to.d[AXIS_W] - phase + d->phases - 1) / d->phases * lanes;
        d->taps[phase] = depthwise_span(first_tap, tap - first_tap, columns);
    }
}

/* Lists the source coordinates along depth and height that taps see from result coordinates. */
static void depthwise_list_rows(const struct depthwise *d)
{
    const struct window *c = d->c;
    for (int axis = AXIS_D; axis <= AXIS_H; axis++)
        for (int64_t i = 0; i < depthwise_listed_rows(d, axis) * c->kernel[axis]; i++) {
            int64_t at = i / c->kernel[axis],
                    shift = i % c->kernel[axis] * c->dilation[axis] - c->pad_before[axis];
            int64_t seen = d->data ? at - shift : at * c->stride[axis] + shift;
            bool none = d->data && (seen < 0 || seen % c->stride[axis] != 0);
            if (d->data) seen /= c->stride[axis];
            d->seen[axis][i] = none || seen < 0 || seen >= d->from.d[axis] ? -1 : seen;
        }
}

void LEVEL(depthwise_find_rows)(const struct depthwise *d, int64_t z, int64_t y, int64_t rows,
                                const float *from)
{
    const int64_t *kernel = d->c->kernel, *plane = d->seen[AXIS_D] + z * kernel[AXIS_D];
    const float **row = d->row;
    for (int64_t i = 0; i < kernel[AXIS_D]; i++)
        for (int64_t k = 0; k < kernel[AXIS_H]; k++, row += DEPTHWISE_ROWS)
            for (int64_t r = 0; r < rows; r++) {
                int64_t at = y + (d->data ? rows - 1 - r : r);
                int64_t line = d->seen[AXIS_H][at * kernel[AXIS_H] + k];
                row[r] = plane[i] < 0 || line < 0
                             ? NULL
                             : from + (plane[i] * d->from.d[AXIS_H] + line) * d->from_row;
            }
}

const float *LEVEL(depthwise_source)(const struct depthwise *d, const float *from)
{
    if (!d->apart || d->data) return from;
    int64_t stride = d->c->stride[AXIS_W], width = d->from.d[AXIS_W], lanes = d->c->lanes;
    int64_t rows = d->from.d[AXIS_D] * d->from.d[AXIS_H], count = d->across * lanes;
    for (int64_t rest = 0; rest < stride; rest++) {
        struct row_view view = row_view(width, lanes, stride, rest, 0, count);
        for (int64_t i = 0; i < rows; i++)
            row_copy_view(&view, lanes, stride, from + i * width * lanes,
                          d->together + i * d->from_row + rest * d->phase);
    }
    return d->together;
}

/* Weaves `count` rows of results of all phases together: those that begin at `at`. */
static void depthwise_weave(const struct depthwise *d, int64_t count, const int64_t at[DEPTHWISE_ROWS],
                            const struct finish *finish, float *result)
{
    int64_t lanes = d->c->lanes, width = d->to.d[AXIS_W], phase = d->phase;
    float *row = d->together + DEPTHWISE_ROWS * d->to_row;
    for (int64_t r = 0; r < count; r++) {
        const float *from = d->together + r * d->to_row;
        row_weave(width, lanes, d->phases, from, phase, row);
        for (int64_t i = 0; i < width * lanes; i += VW) {
            int64_t left = width * lanes - i;
            vec sum = finish_apply_part(finish, at[r] + i, left, vec_load_any(row + i));
            vec_store_some(result + at[r] + i, left, sum);
        }
    }
}

/* Result rows [y, y + rows) of plane z; `t` has what all rows of the channel share. */
static void depthwise_add_rows(const struct depthwise *d, int64_t z, int64_t y, int64_t rows,
                               struct depthwise_rows t, int64_t channel, const float *from)
{
    const struct window *c = d->c;
    int64_t lanes = c->lanes, at[DEPTHWISE_ROWS];
    const struct finish none = {0}, *finish = t.finish;
    float *result = t.result;
    LEVEL(depthwise_find_rows)(d, z, y, rows, from);
    for (int64_t r = 0; r < rows; r++)
        at[r] = channel + (z * d->to.d[AXIS_H] + y + (d->data ? rows - 1 - r : r)) * d->to.d[AXIS_W] * lanes;
    bool woven = d->apart && d->data;
    if (woven) t.finish = &none, t.result = d->together;
    for (int64_t phase = 0; phase < d->phases; phase++) {
        t.tap = d->tap + phase * c->kernel[AXIS_W], t.taps = d->taps[phase];
        t.of_3 = depthwise_is_3x3(c) && t.taps.count == 3, t.shared = depthwise_shares(c);
        for (int64_t r = 0; r < rows; r++)
            t.at[r] = woven ? r * d->to_row + phase * d->phase : at[r] + phase * lanes;
        if (c->stride[AXIS_W] == 1 || d->apart) {
            LEVEL(depthwise_run)(rows, &t);
            continue;
        }
        int64_t step = d->data ? 1 : c->stride[AXIS_W];
        if (lanes % DEPTHWISE_WIDE == 0) {
            for (int64_t r = 0; r < rows; r++) LEVEL(depthwise_run_wide)
            (&t, d->data ? rows - 1 - r : r, lanes, step * lanes, d->phases * lanes);
            continue;
        }
        for (int64_t column = 0; column < t.taps.columns; column += 16) {
            int64_t position = column / lanes * lanes, lane = column - position;
            LEVEL(depthwise_position)
            (rows, &t, column, position * step + lane, position * d->phases + lane);
        }
    }
    if (woven) depthwise_weave(d, rows, at, finish, result);
}

static void depthwise_walk(const struct depthwise *d, const float *weight, const float *from,
                           const struct finish *finish, float *result)
{
    const struct window *c = d->c;
    int64_t from_plane = shape_positions(d->from) * c->lanes, plane = shape_positions(d->to) * c->lanes;
    int64_t rows = d->to.d[AXIS_H] < DEPTHWISE_ROWS ? 1 : DEPTHWISE_ROWS;
    struct depthwise_rows t = {.row = d->row,
                               .list = d->list,
                               .rows = c->kernel[AXIS_D] * c->kernel[AXIS_H],
                               .across = c->kernel[AXIS_W],
                               .result = result,
                               .finish = finish};
    for (int64_t i = 0; i < c->in.c; i++) {
        const float *source = LEVEL(depthwise_source)(d, from + i * from_plane);
        t.weight = weight + i * window_taps(c);
        t.bias = finish->bias ? finish->bias[i] + 0.0f : 0; /* -0 becomes 0 */
        for (int64_t z = 0; z < d->to.d[AXIS_D]; z++)
            for (int64_t y = 0; y < d->to.d[AXIS_H]; y += rows) /* the last rows may be computed twice */
                depthwise_add_rows(d, z, row_limit(y, 0, d->to.d[AXIS_H] - rows), rows, t, i * plane, source);
    }
}

static void depthwise_run_any(const struct window *c, bool data, const float *weight, const float *from,
                              const struct finish *finish, float *result, float *scratch)
{
    struct depthwise d;
    if (LEVEL(depthwise_suits_plane)(c, data)) {
        LEVEL(depthwise_run_plane)(c, data, weight, from, finish, result, scratch);
        return;
    }
    depthwise_lay_out(c, data, scratch, &d);
    depthwise_list_taps(&d);
    depthwise_list_rows(&d);
    depthwise_walk(&d, weight, from, finish, result);
}

static void depthwise_forward(const struct window *c, const float *weight, const float *x,
                              const struct finish *finish, float *y, float *scratch)
{
    depthwise_run_any(c, false, weight, x, finish, y, scratch);
}

static void depthwise_backward_data(const struct window *c, const float *weight, const float *dy,
                                    const struct finish *finish, float *dx, float *scratch)
{
    depthwise_run_any(c, true, weight, dy, finish, dx, scratch);
}

static void depthwise_backward_weight(const struct window *c, const float *x, const float *dy, float *dweight,
                                      float *scratch)
{
    struct depthwise d;
    depthwise_lay_out(c, false, scratch, &d);
    depthwise_list_taps(&d);
    depthwise_list_rows(&d);
    LEVEL(depthwise_weight_sums)(&d, x, dy, dweight);
}

const struct conv_way LEVEL(conv_way_depthwise) = {
    .takes_groups = true,
    .scratch_floats = depthwise_scratch_floats,
    .forward = depthwise_forward,
    .backward_data = depthwise_backward_data,
    .backward_weight = depthwise_backward_weight,
};
