/* outer_run.c - the weight gradients of outer.h for any number of lanes.
 *
 * A column is 16 floats of the run of positions x lanes. The input rows under a band of output rows are copied, with
 * zeros around; rows of outputs count as being as long, with zeros between them: so the run goes on from row to row,
 * and every tap is a constant offset. With a stride, the band has the positions of each remainder in a plane of their
 * own. Without padding and stride the band is x itself. The last column ends where the run ends: of what it shares
 * with the one before it, the gradients are zeros. */
#include "math/vec/conv/outer/outer.h"
#include "math/vec/conv/outer/outer_tile.h"
#include "math/vec/positions.h"

#define BAND_FLOATS (64 * 1024 / 4) /* at most, if it is more than one row: a part of an L2 cache */

/* Work space: sums [OC][depth][16], the band [IC][kernel depth][phases][rows][row], gradients [M][COLUMNS * 16], and
 * offsets: of each tap and column in the band, and of each column in dy. */
struct outer_run {
    struct window c;
    float *sums, *band, *gradients;
    int64_t *tap, *x_column, *dy_column;
    bool in_place;          /* the band is x */
    int64_t phases[2];      /* planes of remainders along height and width */
    int64_t out_rows, rows; /* of a band: of outputs, and of a plane of inputs */
    int64_t out_row, row;   /* floats of a row of outputs, and from one row of the band to the next */
    int64_t phase, channel; /* floats of a plane of remainders, and from one channel to the next */
    int64_t length;         /* of the run over the band */
    bool fresh;             /* no sums yet */
};

/* The same convolution with as few axes as possible. */
static struct window outer_run_window(const struct window *c)
{
    struct window w = *c;
    for (int i = 0; i < SHAPE_AXES; i++)
        if (c->kernel[i] != 1 || c->stride[i] != 1 || c->pad_before[i] || c->pad_after[i]) return w;
    for (int i = 0; i < SHAPE_AXES; i++) w.in.d[i] = w.out.d[i] = i == AXIS_W ? shape_positions(c->in) : 1;
    return w;
}

/* Inputs along an axis under `count` outputs, in steps of the stride. */
static int64_t outer_run_span(const struct window *c, enum shape_axis axis, int64_t count)
{
    return count + (c->kernel[axis] - 1) * c->dilation[axis] / c->stride[axis];
}

/* Sets where the band lies and how many rows it has; returns its floats. */
static int64_t outer_run_place_band(struct outer_run *o)
{
    const struct window *c = &o->c;
    int64_t channels = c->in.c * c->kernel[AXIS_D];
    o->out_row = c->out.d[AXIS_W] * c->lanes;
    o->out_rows = c->out.d[AXIS_H];
    o->row = c->in.d[AXIS_W] * c->lanes;
    o->in_place = c->stride[AXIS_H] == 1 && c->stride[AXIS_W] == 1 && window_is_inside(c) &&
                  c->pad_before[AXIS_D] == 0 && c->pad_after[AXIS_D] == 0 &&
                  (o->out_rows - 1) * o->row + o->out_row >= 16;
    if (o->in_place) return 0;
    for (int i = 0; i < 2; i++) {
        int64_t reach = (c->kernel[AXIS_H + i] - 1) * c->dilation[AXIS_H + i] + 1;
        o->phases[i] = row_limit(reach, 1, c->stride[AXIS_H + i]);
    }
    o->row = outer_run_span(c, AXIS_W, c->out.d[AXIS_W]) * c->lanes;
    for (;; o->out_rows = (o->out_rows + 1) / 2) {
        o->rows = outer_run_span(c, AXIS_H, o->out_rows);
        o->phase = o->rows * o->row;
        o->channel = (o->phases[0] * o->phases[1] * o->phase + 16 + 15) / 16 * 16;
        if (o->out_rows == 1 || channels * o->channel <= BAND_FLOATS) return channels * o->channel;
    }
}

static int64_t outer_run_lay_out(const struct window *c, float *base, struct outer_run *o)
{
    *o = (struct outer_run){.c = outer_run_window(c), .fresh = true};
    int64_t used = 0, depth = depth_of(c), band = outer_run_place_band(o);
    float *offsets;
    conv_carve(base, &used, &o->sums, c->out.c * depth * 16);
    conv_carve(base, &used, &offsets, 2 * (depth + 2 * OUTER_COLUMNS));
    conv_carve(base, &used, &o->gradients, OUTER_TILE_M * OUTER_COLUMNS * 16 + 16);
    conv_carve(base, &used, &o->band, band + 16);
    o->x_column = (int64_t *)(void *)offsets;
    o->dy_column = o->x_column + OUTER_COLUMNS;
    o->tap = o->dy_column + OUTER_COLUMNS;
    return used;
}

int64_t LEVEL(outer_run_floats)(const struct window *c)
{
    struct outer_run o;
    return outer_run_lay_out(c, NULL, &o);
}

/* Lists where the taps are, seen from the first. */
static void outer_run_place_taps(const struct outer_run *o)
{
    const struct window *c = &o->c;
    int64_t *tap = o->tap, k[SHAPE_AXES], plane = c->in.d[AXIS_H] * o->row;
    for (int64_t i = 0; i < depth_of(c); i++) {
        int64_t index = i;
        for (int axis = SHAPE_AXES - 1; axis >= 0; index /= c->kernel[axis--])
            k[axis] = index % c->kernel[axis] * c->dilation[axis];
        int64_t h = k[AXIS_H] / c->stride[AXIS_H], w = k[AXIS_W] / c->stride[AXIS_W];
        tap[i] = h * o->row + w * c->lanes;
        if (o->in_place)
            tap[i] += (index * c->in.d[AXIS_D] + k[AXIS_D]) * plane;
        else
            tap[i] +=
                i / (c->kernel[AXIS_H] * c->kernel[AXIS_W]) * o->channel +
                (k[AXIS_H] % c->stride[AXIS_H] * o->phases[1] + k[AXIS_W] % c->stride[AXIS_W]) * o->phase;
    }
}

/* One plane of the band: the input rows under outputs from row `oy` on that remainder `phase` of their coordinates
 * selects; NULL: a plane outside of the input. */
static float *outer_run_fill_plane(const struct outer_run *o, int64_t phase, int64_t oy, const float *plane,
                                   float *to)
{
    const struct window *c = &o->c;
    int64_t across = c->stride[AXIS_W], width = c->in.d[AXIS_W];
    struct row_view view =
        row_view(width, c->lanes, across, phase % o->phases[1] - c->pad_before[AXIS_W], 0, o->row);
    for (int64_t row = 0; row < o->rows; row++) {
        int64_t h = (oy + row) * c->stride[AXIS_H] + phase / o->phases[1] - c->pad_before[AXIS_H];
        if (plane && h >= 0 && h < c->in.d[AXIS_H])
            to = row_copy_view(&view, c->lanes, across, plane + h * width * c->lanes, to);
        else
            to = row_clear(o->row, to);
    }
    return to;
}

/* The band under outputs from (z, oy) on. */
static void outer_run_fill_band(const struct outer_run *o, int64_t z, int64_t oy, const float *x)
{
    const struct window *c = &o->c;
    int64_t depth = c->kernel[AXIS_D], plane = c->in.d[AXIS_H] * c->in.d[AXIS_W] * c->lanes;
    for (int64_t k = 0; k < c->in.c * depth; k++) {
        int64_t d = z * c->stride[AXIS_D] + k % depth * c->dilation[AXIS_D] - c->pad_before[AXIS_D];
        bool inside = d >= 0 && d < c->in.d[AXIS_D];
        float *to = o->band + k * o->channel;
        for (int64_t i = 0; i < o->phases[0] * o->phases[1]; i++)
            to = outer_run_fill_plane(o, i, oy, inside ? x + (k / depth * c->in.d[AXIS_D] + d) * plane : NULL,
                                      to);
        row_clear(16, to);
    }
}

/* The gradients of M channels under columns from `first` floats of the run on, with zeros between rows; dy begins at
 * the first row. */
static void outer_run_copy_gradients(const struct outer_run *o, int64_t m, int64_t first, int64_t columns,
                                     const float *dy)
{
    int64_t end = first + columns * 16, last = end, shift = 0;
    if (end > o->length && o->length >= 16) last = end - 16, shift = end - o->length;
    end = row_limit(o->length, first, end);
    for (int64_t i = 0; i < m; i++, dy += shape_positions(o->c.out) * o->c.lanes) {
        float *to = o->gradients + i * OUTER_COLUMNS * 16 - first;
        row_clear(columns * 16, to + first);
        for (int64_t row = first / o->row, at = row * o->row; at < end; row++, at += o->row) {
            int64_t low = row_limit(first, at, at + o->out_row), high = row_limit(end, low, at + o->out_row),
                    middle = row_limit(last, low, high);
            const float *from = dy + row * o->out_row - at;
            row_copy(middle - low, from + low, to + low);
            row_copy(high - middle, from + middle, to + middle + shift);
        }
    }
}

/* All channels over columns from `first` floats of the run on; x begins where the run does. */
static void outer_run_add_columns(const struct outer_run *o, int64_t first, int64_t columns, const float *x,
                                  const float *dy)
{
    const struct window *c = &o->c;
    int64_t plane = shape_positions(c->out) * c->lanes, row = first / o->row, at = first - row * o->row;
    bool over = first + columns * 16 > o->length, copies = over || at + columns * 16 > o->out_row;
    for (int64_t i = 0; i < columns; i++) o->x_column[i] = first + i * 16, o->dy_column[i] = i * 16;
    if (over) o->x_column[columns - 1] = row_limit(o->length - 16, 0, o->length);
    struct outer_tile t = {.x = x,
                           .dy = o->gradients,
                           .plane = copies ? OUTER_COLUMNS * 16 : plane,
                           .x_column = o->x_column,
                           .dy_column = o->dy_column,
                           .columns = columns,
                           .tap = o->tap,
                           .depth = depth_of(c),
                           .fresh = o->fresh};
    for (int64_t oc = 0, m; oc < c->out.c; oc += m, dy += m * plane) {
        m = outer_tile_channels(c->out.c - oc);
        if (copies)
            outer_run_copy_gradients(o, m, first, columns, dy);
        else
            t.dy = dy + row * o->out_row + at;
        LEVEL(outer_multiply)((int)m, &t, o->sums + oc * t.depth * 16);
    }
}

void LEVEL(outer_run_sums)(const struct window *c, const float *x, const float *dy, float *work)
{
    struct outer_run o;
    outer_run_lay_out(c, work, &o);
    outer_run_place_taps(&o);
    const int64_t *out = o.c.out.d;
    for (int64_t z = 0; z < out[AXIS_D]; z++)
        for (int64_t oy = 0, rows; oy < out[AXIS_H]; oy += rows, dy += rows * o.out_row) {
            rows = row_limit(o.out_rows, 0, out[AXIS_H] - oy);
            o.length = (rows - 1) * o.row + o.out_row;
            const float *from = x + (z * o.c.stride[AXIS_D] * o.c.in.d[AXIS_H] + oy) * o.row;
            if (!o.in_place) outer_run_fill_band(&o, z, oy, x);
            for (int64_t first = 0; first < o.length; first += OUTER_COLUMNS * 16) {
                int64_t columns = row_limit((o.length - first + 15) / 16, 0, OUTER_COLUMNS);
                outer_run_add_columns(&o, first, columns, o.in_place ? from : o.band, dy);
                o.fresh = false;
            }
        }
}
