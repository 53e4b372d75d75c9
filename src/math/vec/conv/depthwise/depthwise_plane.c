/* depthwise_plane.c - forward pass and data gradient of depthwise convolutions with short rows: channels of the source
 * are copied into panels with zeros around them (../direct/halo.h), so that registers need no masks and all results of
 * a channel are one call of register tiles. */
#include "math/vec/conv/depthwise/depthwise.h"
#include "math/vec/conv/direct/halo.h"

#define ROW_REGISTERS   12   /* longer rows have few registers at edges; */
#define ROW_REGISTERS_3 4    /* and 3x3 windows have tiles that share what rows see */
#define PANEL_FLOATS    4096 /* half of an L1 cache */
#define CHANNELS                                                                                             \
    4 /* are copied before the first is read: a read soon after writes of its parts waits for them */

/* A row of a channel, or positions of it that are a stride apart, and its place in the panel. */
struct plane_row {
    int64_t to, from, count;
};

/* Panels of some channels, and the tables of what is copied, of taps, and of the registers of results. */
struct plane {
    struct halo halo;
    struct block block;
    int64_t columns, results; /* floats of a row of results, and of all */
    int64_t channels, rows, registers;
    float *panel;
    struct plane_row *row;
    struct tap *tap;
    struct tile_column *column;
};

static int64_t plane_lay_out(const struct window *c, bool data, float *base, struct plane *p)
{
    *p = (struct plane){.halo.lanes = c->lanes};
    struct halo *h = &p->halo;
    for (int i = 0; i < SHAPE_AXES; i++) {
        h->axis[i] = axis_of(c, data, i, 0);
        p->block.count[i] = h->axis[i].results;
    }
    halo_lay_out(h, p->block.count);
    const int64_t *count = p->block.count;
    p->columns = count[AXIS_W] * c->lanes, p->results = count[AXIS_D] * count[AXIS_H] * p->columns;
    p->registers = count[AXIS_D] * count[AXIS_H] * ((p->columns + VW - 1) / VW);
    p->rows = h->slots[AXIS_W].groups;
    for (int i = AXIS_D; i <= AXIS_H; i++) p->rows *= h->slots[i].groups * h->slots[i].length;
    p->channels = row_limit(PANEL_FLOATS / h->channel, 1, CHANNELS);
    int64_t used = 0;
    float *row, *tap, *column;
    conv_carve(base, &used, &p->panel, p->channels * h->channel + 16);
    conv_carve(base, &used, &row, p->rows * (int64_t)(sizeof *p->row / sizeof *row));
    conv_carve(base, &used, &tap, window_taps(c) * (int64_t)(sizeof *p->tap / sizeof *tap));
    conv_carve(base, &used, &column, p->registers * (int64_t)(sizeof *p->column / sizeof *column));
    p->row = (struct plane_row *)(void *)row, p->tap = (struct tap *)(void *)tap;
    p->column = (struct tile_column *)(void *)column;
    return used;
}

bool LEVEL(depthwise_suits_plane)(const struct window *c, bool data)
{
    struct plane p;
    for (int i = 0; i < SHAPE_AXES && data; i++)
        if (c->stride[i] > 1) return false; /* several phases */
    plane_lay_out(c, data, NULL, &p);
    int64_t most = (depthwise_is_3x3(c) ? ROW_REGISTERS_3 : ROW_REGISTERS) * VW;
    return c->lanes % 16 != 0 && p.columns <= most && p.halo.channel <= PANEL_FLOATS;
}

int64_t LEVEL(depthwise_plane_floats)(const struct window *c, bool data)
{
    struct plane p;
    return LEVEL(depthwise_suits_plane)(c, data) ? plane_lay_out(c, data, NULL, &p) : 0;
}

/* The source coordinate of slot i along an axis. */
static int64_t plane_source(const struct plane *p, int axis, int64_t i)
{
    const struct axis *a = &p->halo.axis[axis];
    const struct slots *s = &p->halo.slots[axis];
    return axis_group(a, s, 0, i / s->length) + i % s->length * a->stride;
}

/* Lists the rows to copy, in the order of the panel. */
static void plane_list_rows(struct plane *p)
{
    const struct halo *h = &p->halo;
    const struct axis *d = &h->axis[AXIS_D], *v = &h->axis[AXIS_H], *w = &h->axis[AXIS_W];
    const struct slots *s = h->slots;
    int64_t to = 0, n = 0;
    for (int64_t group = 0; group < s[AXIS_W].groups; group++) {
        int64_t first = axis_group(w, &s[AXIS_W], 0, group);
        struct row_view view = row_view(w->size, h->lanes, w->stride, first, 0, s[AXIS_W].length * h->lanes);
        for (int64_t i = 0; i < s[AXIS_D].groups * s[AXIS_D].length; i++)
            for (int64_t j = 0; j < s[AXIS_H].groups * s[AXIS_H].length; j++, to += h->slot[AXIS_H]) {
                int64_t z = plane_source(p, AXIS_D, i), y = plane_source(p, AXIS_H, j);
                if (view.count == 0 || z < 0 || z >= d->size || y < 0 || y >= v->size) continue;
                int64_t from = (z * v->size + y) * w->size * h->lanes + view.from;
                p->row[n++] = (struct plane_row){to + view.before, from, view.count};
            }
    }
    p->rows = n;
}

/* Lists the registers of results, row by row. What one writes behind its row is written again by the next. */
static void plane_list_registers(struct plane *p)
{
    const int64_t *count = p->block.count;
    struct tile_column *column = p->column;
    int64_t to = 0;
    for (int64_t z = 0; z < count[AXIS_D]; z++)
        for (int64_t y = 0; y < count[AXIS_H]; y++, to += p->columns)
            for (int64_t i = 0; i < p->columns; i += VW)
                *column++ =
                    (struct tile_column){.from = z * p->halo.step[AXIS_D] + y * p->halo.step[AXIS_H] + i,
                                         .to = to + i,
                                         .count = row_limit(p->results - to - i, 0, VW)};
}

void LEVEL(depthwise_run_plane)(const struct window *c, bool data, const float *weight, const float *from,
                                const struct finish *finish, float *result, float *scratch)
{
    struct plane p;
    plane_lay_out(c, data, scratch, &p);
    plane_list_rows(&p);
    plane_list_registers(&p);
    const struct halo *h = &p.halo;
    struct tile t = {.channels = 1, .tap = p.tap, .rows = 1};
    t.taps = LEVEL(halo_list_taps)(h, c, 0, 1, p.tap);
    memset(p.panel, 0, (size_t)(p.channels * h->channel + 16) * sizeof *p.panel);
    for (int64_t first = 0, count; first < c->in.c; first += count) {
        count = row_limit(p.channels, 1, c->in.c - first);
        for (int64_t i = 0; i < count; i++)
            for (const struct plane_row *row = p.row; row < p.row + p.rows; row++)
                row_copy_step(row->count, h->lanes, h->axis[AXIS_W].stride,
                              from + (first + i) * h->source + row->from, p.panel + i * h->channel + row->to);
        for (int64_t i = 0; i < count; i++) {
            t.a = weight + (first + i) * window_taps(c), t.b = p.panel + i * h->channel;
            t.c = result + (first + i) * p.results;
            t.finish = finish_from(finish, first + i, (first + i) * p.results);
            LEVEL(tile_run_columns)(1, p.registers, &t, p.column);
        }
    }
}
