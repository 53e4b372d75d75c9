/* panel_weight.c - the weight gradient of a convolution with many channels: the patches under a few columns
 * are copied into a panel, so that padding and stride cost nothing.
 *
 * Columns are counted along positions x lanes, so that a single sample fills the registers as well as 16. */
#include "math/vec/conv/panel.h"
#include "math/vec/positions.h"

#define ROWS 48 /* rows of patches at once: in the L1 cache beside the transposed gradients */

/* Columns that lie side by side in a row of the output. */
struct run {
    int64_t first, count; /* in the row: position * lanes + lane */
    int64_t to;           /* column of the panel */
    int64_t dy;           /* floats from the start of a channel of the output */
    int64_t d, h;         /* where the row's windows begin, which may hang over the edge */
};

/* `work`: patches [ROWS][PANEL_ROW] and transposed gradients [columns][PANEL_WIDTH]. */
int64_t LEVEL(panel_leaf_floats)(void)
{
    return ROWS * PANEL_ROW + PANEL_GROUPS * 16 * PANEL_WIDTH;
}

/* The columns of one leaf: how many a panel takes, and how many lanes of a position hold samples. */
struct columns {
    int64_t used, panel;
    bool joined; /* runs go on from position to position */
};

/* Leaves of a multiple of 16 lanes fill their panels; others take whole positions, as long as one fits. */
static struct columns panel_columns(const struct window *c, const struct panel_block *b)
{
    struct columns s = {.used = window_used_lanes(c, b->lane / b->lanes, VW), .panel = PANEL_GROUPS * 16};
    if (b->lanes % 16 != 0 && b->lanes < s.panel) s.panel -= s.panel % b->lanes;
    s.joined =
        b->lanes == c->lanes && s.used >= b->lanes && (c->stride[AXIS_W] == 1 || s.panel % b->lanes == 0);
    return s;
}

/* Cuts the leaf's columns [first, first + count) into runs; lanes without samples are left out. Returns how many
 * runs there are. */
static int64_t panel_cut(const struct window *c, const struct panel_block *b, const struct columns *s,
                         int64_t first, int64_t count, struct run *run)
{
    int64_t runs = 0, to = 0, width = c->out.d[AXIS_W], height = c->out.d[AXIS_H];
    for (int64_t column = first, step; column < first + count; column += step) {
        int64_t position = column / b->lanes, lane = column % b->lanes, w = position % width;
        step = row_limit((s->joined ? width - w : 1) * b->lanes - lane, 1, first + count - column);
        int64_t used = s->joined ? step : row_limit(s->used - lane, 0, step);
        if (used == 0) continue;
        run[runs++] =
            (struct run){.first = w * c->lanes + b->lane + lane,
                         .count = used,
                         .to = to,
                         .dy = position * c->lanes + b->lane + lane,
                         .d = position / width / height * c->stride[AXIS_D] - c->pad_before[AXIS_D],
                         .h = position / width % height * c->stride[AXIS_H] - c->pad_before[AXIS_H]};
        to += used;
    }
    return runs;
}

/* to[j][i] = from[i][j] for i, j < VW; rows of `from` from `rows` on count as zeros, and columns from `columns` on are
 * left out. */
static void panel_turn_block(const float *from, int64_t from_row, int64_t rows, int64_t columns, float *to,
                             int64_t to_row)
{
    vecu block[VW];
    if (rows < VW || columns < VW) {
        vec_transpose_part(from, from_row, rows, columns < VW ? columns : VW, to, to_row, VW);
        return;
    }
    vec_load_transposed(from, from_row, block);
#pragma GCC unroll 16
    for (int i = 0; i < VW; i++) vec_store(to + i * to_row, (vec)block[i]);
}

/* Turns the gradients of the columns. */
static void panel_turn(const struct window *c, const struct panel_block *b, const struct run *run,
                       int64_t runs, const float *dy, float *transposed)
{
    int64_t plane = shape_positions(c->out) * c->lanes;
    dy += b->oc * plane;
    for (int64_t i = 0, next; i < runs; i = next) {
        int64_t count = run[i].count;
        for (next = i + 1; next < runs && run[next].dy == run[i].dy + count; next++) count += run[next].count;
        float *to = transposed + run[i].to * PANEL_WIDTH;
        for (int64_t j = 0; j < count; j += VW)
            for (int64_t oc = 0; oc < b->channels; oc += VW)
                panel_turn_block(dy + oc * plane + run[i].dy + j, plane, b->channels - oc, count - j,
                                 to + j * PANEL_WIDTH + oc, PANEL_WIDTH);
    }
}

/* Copies rows [first, first + rows) of the patches, tap by tap: a tap sees the same part of all channels. */
static void panel_pack(const struct window *c, const struct run *run, int64_t runs, const float *x,
                       int64_t first, int64_t rows, float *panel)
{
    const int64_t *in = c->in.d, *kernel = c->kernel, *dilation = c->dilation;
    int64_t taps = window_taps(c), lanes = c->lanes, plane = shape_positions(c->in) * lanes;
    for (int64_t tap = 0; tap < taps; tap++) {
        int64_t row = (tap + taps - first % taps) % taps;
        if (row >= rows) continue;
        const float *channel = x + (first + row) / taps * plane;
        int64_t z = tap / (kernel[AXIS_W] * kernel[AXIS_H]) * dilation[AXIS_D],
                y = tap / kernel[AXIS_W] % kernel[AXIS_H] * dilation[AXIS_H],
                w = tap % kernel[AXIS_W] * dilation[AXIS_W] - c->pad_before[AXIS_W];
        for (int64_t i = 0; i < runs; i++) {
            int64_t d = run[i].d + z, h = run[i].h + y;
            bool inside = d >= 0 && d < in[AXIS_D] && h >= 0 && h < in[AXIS_H];
            struct row_view view = {.before = run[i].count};
            if (inside) view = row_view(in[AXIS_W], lanes, c->stride[AXIS_W], w, run[i].first, run[i].count);
            const float *from = channel + (inside ? (d * in[AXIS_H] + h) * in[AXIS_W] * lanes : 0);
            float *to = panel + row * PANEL_ROW + run[i].to;
            for (int64_t k = row; k < rows; k += taps, from += plane, to += taps * PANEL_ROW)
                row_copy_view(&view, lanes, c->stride[AXIS_W], from, to);
        }
    }
}

void LEVEL(panel_leaf)(const struct window *c, const struct panel_block *b, const float *x, const float *dy,
                       float *sums, float *work)
{
    float *panel = work, *transposed = work + ROWS * PANEL_ROW;
    int64_t columns = shape_positions(c->out) * b->lanes;
    struct columns s = panel_columns(c, b);
    memset(sums, 0, (size_t)(b->rows * PANEL_WIDTH) * sizeof *sums);
    for (int64_t first = 0; first < columns; first += s.panel) {
        struct run run[PANEL_GROUPS * 16];
        int64_t runs = panel_cut(c, b, &s, first, row_limit(s.panel, 0, columns - first), run);
        panel_turn(c, b, run, runs, dy, transposed);
        int64_t count = runs ? run[runs - 1].to + run[runs - 1].count : 0;
        for (int64_t row = 0; row < b->rows; row += ROWS) {
            int64_t rows = row_limit(ROWS, 0, b->rows - row);
            panel_pack(c, run, runs, x, b->row + row, rows, panel);
            LEVEL(panel_product)
            (rows, b->channels, count, panel, transposed, sums + row * PANEL_WIDTH);
        }
    }
}
