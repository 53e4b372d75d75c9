/* panel_weight.c - the weight gradient of a convolution with many channels: the patches under a few columns
 * are copied into a panel, so that padding and stride cost nothing.
 *
 * Columns are counted along positions x lanes, so that a single sample fills the registers as well as 16. Where inputs
 * of products are rounded to bfloat16, columns of a run become pairs: of gradients in words, of inputs side by side, so
 * that a pair may begin at any of them. */
#include "math/vec/conv/panel.h"
#include "math/vec/conv/panel_runs.h"
#include "math/vec/positions.h"

#define COLUMNS      384                          /* of a panel, at most */
#define BLOCK        (COLUMNS * PANEL_RUNS_WIDTH) /* turned gradients of a tile's channels */
#define BLOCKS       (PANEL_WIDTH / PANEL_RUNS_WIDTH)
#define PANEL_FLOATS (32 * 1024 / 4)
#define MIN_RUN      32 /* shorter rows are copied tap by tap, so that the columns are one run */
#define FEW_PANELS   2  /* or less: sums go straight into dweight, */
#define FEW_FLOATS   (128 * 1024 / 4) /* through a panel of as many rows as fit, */
#define FEW_CHANNELS 48               /* output channels at a time */

/* Columns that lie side by side in a row of the output. */
struct run {
    int64_t first, count; /* in the row: position * lanes + lane */
    int64_t to;           /* column of the panel */
    int64_t dy;           /* floats from the start of a channel of the output */
    int64_t d, h;         /* where the row's windows begin, which may hang over the edge */
};

/* `work`: turned gradients [BLOCKS][COLUMNS][PANEL_RUNS_WIDTH], the panel, and a table of rows. */
int64_t LEVEL(panel_leaf_floats)(void)
{
    return BLOCKS * BLOCK + FEW_FLOATS + 16 +
           PANEL_SUM_ROWS * (int64_t)(sizeof(struct panel_row) / sizeof(float));
}

/* How the columns of one leaf are taken. A line of the panel holds what one or several taps along the width see: a row
 * of x, and the inputs beside it. */
struct columns {
    int64_t used, panel;  /* lanes of a position, columns of a panel */
    bool joined;          /* runs go on from position to position */
    int64_t taps, beside; /* of a line: taps, and floats beside a run */
    int64_t line, lines;  /* floats of a line, and lines of a panel */
};

/* Leaves of a multiple of 16 lanes take panels of a fixed size; others take whole positions, as long as one fits. */
static struct columns panel_columns(const struct window *c, const struct panel_block *b)
{
    struct columns s = {.used = window_used_lanes(c, b->lane / b->lanes, VW), .panel = PANEL_GROUPS * 16};
    if (b->lanes % 16 != 0) s.panel = b->lanes < COLUMNS ? COLUMNS / b->lanes * b->lanes : COLUMNS;
    s.joined =
        b->lanes == c->lanes && s.used >= b->lanes && (c->stride[AXIS_W] == 1 || s.panel % b->lanes == 0);
    int64_t row = c->out.d[AXIS_W] * c->lanes,
            beside = (c->kernel[AXIS_W] - 1) * c->dilation[AXIS_W] * c->lanes;
    s.taps = 1, s.line = (s.panel + 15) / 16 * 16 + 16;
    if (s.joined && c->stride[AXIS_W] == 1 && row >= MIN_RUN &&
        s.line + (s.panel / row + 2) * beside <= 3 * COLUMNS)
        s.taps = c->kernel[AXIS_W], s.beside = beside,
        s.line += ((s.panel / row + 2) * beside + 15) / 16 * 16;
    s.lines = row_limit(PANEL_FLOATS / s.line, 1, PANEL_SUM_ROWS / s.taps);
    if (s.lines > 6) s.lines -= s.lines % 6;
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
    VEC_EACH (i, VW) vec_store(to + i * to_row, (vec)block[i]);
}

/* Turns the gradients of the columns. */
static void panel_turn(const struct window *c, const struct panel_block *b, const struct run *run,
                       int64_t runs, const float *dy, float *turned)
{
    int64_t plane = shape_positions(c->out) * c->lanes;
    dy += b->oc * plane;
    for (int64_t i = 0, next; i < runs; i = next) {
        int64_t count = run[i].count;
        for (next = i + 1; next < runs && run[next].dy == run[i].dy + count; next++) count += run[next].count;
        for (int64_t oc = 0; oc < b->channels; oc += VW) {
            float *to =
                turned + oc / PANEL_RUNS_WIDTH * BLOCK + run[i].to * PANEL_RUNS_WIDTH + oc % PANEL_RUNS_WIDTH;
            const float *from = dy + oc * plane + run[i].dy;
            for (int64_t j = 0; j < count; j += VW)
                panel_turn_block(from + j, plane, b->channels - oc, count - j, to + j * PANEL_RUNS_WIDTH,
                                 PANEL_RUNS_WIDTH);
        }
    }
}

/* Copies lines [first, first + lines) of the panel, tap by tap: a tap sees the same part of all channels. */
static void panel_pack(const struct window *c, const struct columns *s, const struct run *run, int64_t runs,
                       const float *x, int64_t first, int64_t lines, float *panel)
{
    const int64_t *in = c->in.d, *kernel = c->kernel, *dilation = c->dilation;
    int64_t taps = window_taps(c) / s->taps, across = kernel[AXIS_W] / s->taps, lanes = c->lanes,
            plane = shape_positions(c->in) * lanes;
    for (int64_t tap = 0; tap < taps; tap++) {
        int64_t line = (tap + taps - first % taps) % taps;
        if (line >= lines) continue;
        const float *channel = x + (first + line) / taps * plane;
        int64_t z = tap / (across * kernel[AXIS_H]) * dilation[AXIS_D],
                y = tap / across % kernel[AXIS_H] * dilation[AXIS_H],
                w = tap % across * dilation[AXIS_W] - c->pad_before[AXIS_W];
        for (int64_t i = 0; i < runs; i++) {
            int64_t d = run[i].d + z, h = run[i].h + y, count = run[i].count + s->beside;
            bool inside = d >= 0 && d < in[AXIS_D] && h >= 0 && h < in[AXIS_H];
            struct row_view view = {.before = count};
            if (inside) view = row_view(in[AXIS_W], lanes, c->stride[AXIS_W], w, run[i].first, count);
            const float *from = channel + (inside ? (d * in[AXIS_H] + h) * in[AXIS_W] * lanes : 0);
            float *to = panel + line * s->line + run[i].to + i * s->beside;
            for (int64_t k = line; k < lines; k += taps, from += plane, to += taps * s->line)
                row_copy_view(&view, lanes, c->stride[AXIS_W], from, to);
        }
    }
}

/* Lists the runs of the panel: those of lines without inputs beside are one. */
static int64_t panel_join(const struct columns *s, const struct run *run, int64_t runs,
                          struct panel_run *joined)
{
    int64_t count = 0;
    for (int64_t i = 0; i < runs; i++)
        if (s->beside || i == 0)
            joined[count++] = (struct panel_run){run[i].to + i * s->beside, run[i].to, run[i].count};
        else
            joined[0].count += run[i].count;
    return count;
}

/* Makes pairs of the turned gradients of the runs; those of a run come right behind the run before. */
static void panel_pair_turned(const struct panel_block *b, struct panel_run *run, int64_t runs, float *turned)
{
    int64_t to = 0;
    for (int64_t i = 0; i < runs; i++) {
        for (int64_t oc = 0; oc < b->channels; oc += PANEL_RUNS_WIDTH) {
            float *block = turned + oc / PANEL_RUNS_WIDTH * BLOCK;
            for (int64_t k = 0; k < run[i].count; k += 2) {
                float *first = block + (run[i].column + k) * PANEL_RUNS_WIDTH;
                pair_rows(first, k + 1 < run[i].count ? first + PANEL_RUNS_WIDTH : NULL, PANEL_RUNS_WIDTH,
                          block + (to + k / 2) * PANEL_RUNS_WIDTH);
            }
        }
        run[i].column = to;
        to += (run[i].count + 1) / 2;
    }
}

/* Rounds the floats of lines to bfloat16, side by side in the first half of each line. */
static void panel_halve(const struct columns *s, int64_t lines, float *panel)
{
    for (int64_t line = 0; line < lines; line++, panel += s->line)
        for (int64_t i = 0; i < s->line; i += 2 * VW) {
            vec first, second;
            weave_split(1, vec_load_any(panel + i), vec_load_any(panel + i + VW), &first, &second);
            vec_store_any(panel + i / 2, pair_of(first, second));
        }
}

/* One panel of columns. */
static void panel_add(const struct window *c, const struct panel_block *b, const struct columns *s,
                      const struct run *run, int64_t runs, const float *x, struct panel_runs *t,
                      float *turned, float *panel, float *sums)
{
    struct panel_run joined[COLUMNS];
    int64_t lines = b->rows / s->taps;
    t->run = joined, t->runs = panel_join(s, run, runs, joined), t->panel = panel;
    if (t->pairs) panel_pair_turned(b, joined, t->runs, turned);
    for (int64_t line = 0; line < lines; line += s->lines) {
        int64_t count = row_limit(s->lines, 0, lines - line);
        panel_pack(c, s, run, runs, x, b->row / s->taps + line, count, panel);
        if (t->pairs) panel_halve(s, count, panel);
        t->rows = count * s->taps;
        for (int64_t oc = 0; oc < b->channels; oc += PANEL_RUNS_WIDTH) {
            t->turned = turned + oc / PANEL_RUNS_WIDTH * BLOCK;
            t->sums = sums + line * s->taps * PANEL_WIDTH + oc;
            LEVEL(panel_multiply_runs)(row_limit((b->channels - oc + VW - 1) / VW, 0, PANEL_RUNS_J), t);
        }
    }
}

void LEVEL(panel_leaf)(const struct window *c, const struct panel_block *b, const float *x, const float *dy,
                       float *sums, float *work)
{
    float *turned = work, *panel = work + BLOCKS * BLOCK;
    struct panel_row *row = (struct panel_row *)(void *)(panel + FEW_FLOATS + 16);
    struct columns s = panel_columns(c, b);
    int64_t columns = shape_positions(c->out) * b->lanes;
    struct panel_runs t = {.pairs = c->products == PRODUCTS_BF16, .row = row, .channels = PANEL_RUNS_WIDTH};
    unsigned mode = t.pairs ? pair_begin() : 0;
    memset(sums, 0, (size_t)(b->rows * PANEL_WIDTH) * sizeof *sums);
    for (int64_t i = 0; i < s.lines * s.taps; i++)
        row[i] = (struct panel_row){i / s.taps * s.line * (t.pairs ? 2 : 1) +
                                        i % s.taps * c->dilation[AXIS_W] * c->lanes,
                                    i * PANEL_WIDTH};
    for (int64_t first = 0; first < columns; first += s.panel) {
        struct run run[COLUMNS];
        int64_t runs = panel_cut(c, b, &s, first, row_limit(s.panel, 0, columns - first), run);
        panel_turn(c, b, run, runs, dy, turned);
        panel_add(c, b, &s, run, runs, x, &t, turned, panel, sums);
    }
    if (t.pairs) pair_end(mode);
}

bool LEVEL(panel_suits_few)(const struct window *c)
{
    const struct panel_block b = {.lanes = c->lanes};
    struct columns s = panel_columns(c, &b);
    bool few = shape_positions(c->out) * c->lanes <= FEW_PANELS * s.panel, /* or lines are copied often: */
        often = c->out.c > (s.taps == 1 ? PANEL_WIDTH : depth_of(c));
    return c->products != PRODUCTS_BF16 && c->leaves == 1 && (few || often);
}

/* Lists the runs of a panel in a channel of dy. Returns how many. */
static int64_t panel_list_gradients(const struct run *run, int64_t runs, struct panel_run *joined)
{
    int64_t count = 0;
    for (int64_t i = 0; i < runs; i++)
        if (count && joined[count - 1].from + joined[count - 1].count == run[i].dy)
            joined[count - 1].count += run[i].count;
        else
            joined[count++] = (struct panel_run){run[i].dy, run[i].to, run[i].count};
    return count;
}

/* Turns `rows` <= PANEL_WIDTH lines of a panel. */
static void panel_turn_lines(const struct columns *s, const float *panel, int64_t rows, int64_t columns,
                             float *turned)
{
    for (int64_t row = 0; row < rows; row += VW)
        for (int64_t j = 0; j < columns; j += VW)
            panel_turn_block(panel + row * s->line + j, s->line, rows - row, columns - j,
                             turned + row / PANEL_RUNS_WIDTH * BLOCK + j * PANEL_RUNS_WIDTH +
                                 row % PANEL_RUNS_WIDTH,
                             PANEL_RUNS_WIDTH);
}

/* All output channels over `rows` <= PANEL_WIDTH turned rows of the weights. */
static void panel_multiply_few(const struct window *c, const struct panel_runs *of_panel, const float *dy,
                               int64_t rows, float *dweight)
{
    int64_t plane = shape_positions(c->out) * c->lanes, depth = depth_of(c);
    struct panel_runs t = *of_panel;
    for (int64_t oc = 0; oc < c->out.c; oc += FEW_CHANNELS) {
        t.rows = row_limit(FEW_CHANNELS, 0, c->out.c - oc);
        t.panel = dy + oc * plane;
        for (int64_t row = 0; row < rows; row += PANEL_RUNS_WIDTH) {
            t.channels = rows - row;
            t.turned = of_panel->turned + row / PANEL_RUNS_WIDTH * BLOCK;
            t.sums = dweight + oc * depth + row;
            LEVEL(panel_multiply_runs)(row_limit((t.channels + VW - 1) / VW, 0, PANEL_RUNS_J), &t);
        }
    }
}

void LEVEL(panel_few)(const struct window *c, const float *x, const float *dy, float *dweight, float *work)
{
    const struct panel_block b = {.lanes = c->lanes};
    struct columns s = panel_columns(c, &b);
    int64_t columns = shape_positions(c->out) * c->lanes, depth = depth_of(c);
    float *turned = work, *panel = work + BLOCKS * BLOCK;
    struct panel_row row[FEW_CHANNELS];
    for (int64_t i = 0; i < FEW_CHANNELS; i++) row[i] = (struct panel_row){i * columns, i * depth};
    s.taps = 1, s.beside = 0;
    s.line = (row_limit(s.panel, 0, columns) + 15) / 16 * 16 + 16;
    s.lines = FEW_FLOATS / s.line / PANEL_WIDTH * PANEL_WIDTH;
    for (int64_t first = 0; first < columns; first += s.panel) {
        struct run run[COLUMNS];
        struct panel_run joined[COLUMNS];
        int64_t runs = panel_cut(c, &b, &s, first, row_limit(s.panel, 0, columns - first), run);
        if (runs == 0) continue; /* lanes without samples */
        struct panel_runs t = {.row = row, .run = joined, .turned = turned, .fresh = first == 0};
        t.runs = panel_list_gradients(run, runs, joined);
        for (int64_t line = 0, rows; line < depth; line += rows) {
            if (line % s.lines == 0)
                panel_pack(c, &s, run, runs, x, line, row_limit(s.lines, 0, depth - line), panel);
            rows = row_limit(PANEL_WIDTH, 0, depth - line);
            panel_turn_lines(&s, panel + line % s.lines * s.line, rows,
                             run[runs - 1].to + run[runs - 1].count, turned);
            panel_multiply_few(c, &t, dy, rows, dweight + line);
        }
    }
}
