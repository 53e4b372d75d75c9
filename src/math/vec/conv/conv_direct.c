/* conv_direct.c - forward pass and data gradient of a convolution as plain sums of products.
 *
 * Both are convolutions that read a source and write a result, the data gradient one for each phase of its stride.
 * The result is cut into blocks. For each block, channels of the source are copied into a panel with zeros around
 * them, so that registers of the result may begin anywhere and a tap is one offset for all of them; taps that meet
 * only padding are left out. Sums wait in the result from one block of channels to the next: each element is one
 * chain of products over channels and taps in order, whatever the blocks, the number of samples or the register.
 * With few channels the source is read in place: by 1x1 windows, and by others where a register lies within a
 * position. */
#include "math/vec/conv/direct/columns.h"
#include "math/vec/transpose.h"

#define BLOCK_FLOATS 768              /* results of a channel in a block */
#define WIDE_FLOATS  192              /* of a row in a block with several rows, which share what they see */
#define PANEL_FLOATS (192 * 1024 / 4) /* a part of an L2 cache */
#define PANEL_SOURCE 16  /* windows of one tap: more source channels than this are copied into panels, */
#define PANEL_RESULT 8   /* if there are as many channels to use them */
#define PANEL_PAIRS  128 /* other windows: more pairs of channels */

/* One of the two directions, and its scratch: weights in tiles [rows / m][channels][taps][m], the panel, tables of
 * registers and taps, and a block of the result. */
struct direct {
    const struct window *c;
    bool data; /* the data gradient */
    struct finish finish;
    const float *source;
    float *result;
    struct shape from, to;
    struct tile_shape shape;
    int64_t taps; /* of the window */
    float *packed, *panel, *side;
    struct tap *tap;
    struct tile_column *column;
};

/* A phase of the result. */
struct phase {
    struct halo halo;
    int64_t block[SHAPE_AXES]; /* results of a block, at most */
    int64_t channels;          /* of the source in a panel */
    uint64_t skip;             /* the table has the taps but these, */
    int64_t taps;              /* their number */
    struct block listed;       /* the block whose registers the table has; */
    int64_t columns;           /* their number; 0: none */
    bool woven; /* results are less than a register and apart: they are computed side by side, then woven */
};

static int64_t direct_smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Whether results are those source elements times a weight that stand at the same place, and lie as they do. */
static void direct_see_positions(const struct halo *h, bool *same, bool *dense)
{
    *same = *dense = true;
    for (int i = 0; i < SHAPE_AXES; i++) {
        const struct axis *a = &h->axis[i];
        *same &= a->taps == 1 && a->stride == 1 && a->base == 0 && a->size == a->results;
        *dense &= a->apart == 1;
    }
}

/* Whether all taps that meet only padding can be left out (axis_skip). */
static bool direct_skips_exactly(const struct halo *h)
{
    bool all = true;
    for (int i = 0; i < SHAPE_AXES; i++) all &= h->axis[i].taps <= AXIS_SKIP_MAX;
    return all;
}

/* The size of equal parts of `all`, of about `part` each: less than twice as much. */
static int64_t direct_even_part(int64_t all, int64_t part)
{
    if (part < 1) return 1;
    int64_t parts = (all + part / 2) / part;
    if (parts < 2) return all;
    int64_t size = (all + parts - 1) / parts;
    return part > 16 && size < part ? part : size;
}

/* Chooses the blocks: near to a cube of whole rows, or pieces of rows. */
static void direct_choose_block(const struct halo *h, int64_t block[SHAPE_AXES])
{
    const struct axis *a = h->axis;
    bool rows_share = a[AXIS_H].taps > 1 || a[AXIS_D].taps > 1;
    int64_t width = a[AXIS_W].results, height = a[AXIS_H].results, depth = a[AXIS_D].results;
    int64_t row = width * h->lanes, n = width;
    if (row >= BLOCK_FLOATS || (row > WIDE_FLOATS && rows_share && height > 1))
        n = (rows_share ? WIDE_FLOATS : BLOCK_FLOATS) / h->lanes;
    if (n > 16 && n < width) n = n / 16 * 16;
    block[AXIS_W] = direct_even_part(width, n);
    int64_t rows = BLOCK_FLOATS / (block[AXIS_W] * h->lanes);
    block[AXIS_D] = rows >= height ? direct_even_part(depth, rows / height) : 1;
    if (rows < height && a[AXIS_D].taps > 1)
        while (block[AXIS_D] < 4 && block[AXIS_D] * block[AXIS_D] * 2 < rows) block[AXIS_D] *= 2;
    block[AXIS_D] = direct_smaller(block[AXIS_D], depth);
    block[AXIS_H] = direct_even_part(height, rows / block[AXIS_D]);
}

/* The phase with these first results; false if there is none. */
static bool direct_plan(const struct direct *d, const int64_t first[SHAPE_AXES], struct phase *p)
{
    *p = (struct phase){.halo.lanes = d->c->lanes};
    struct halo *h = &p->halo;
    bool same, dense;
    for (int i = 0; i < SHAPE_AXES; i++) {
        h->axis[i] = axis_of(d->c, d->data, i, first[i]);
        if (h->axis[i].results < 1) return false;
    }
    direct_see_positions(h, &same, &dense);
    if (same && dense) { /* one row of floats */
        int64_t floats = shape_positions(d->to) * h->lanes;
        for (int i = 0; i < SHAPE_AXES; i++) h->axis[i].size = h->axis[i].results = h->axis[i].inside_end = 1;
        h->axis[AXIS_W].size = h->axis[AXIS_W].results = h->axis[AXIS_W].inside_end = floats;
        h->lanes = 1;
    }
    const struct axis *w = &h->axis[AXIS_W];
    int64_t row = w->results * h->lanes;
    p->woven = w->apart > 1 && h->lanes % VW != 0;
    bool few =
        same ? d->from.c <= PANEL_SOURCE || d->to.c < PANEL_RESULT
             : d->from.c <= PANEL_SOURCE && d->from.c * d->to.c <= PANEL_PAIRS && direct_skips_exactly(h);
    h->in_place = few && (same && dense ? row >= VW : h->lanes % VW == 0);
    direct_choose_block(h, p->block);
    h->gapless = p->block[AXIS_W] == w->results && row % VW != 0 && row < 10 * VW;
    halo_lay_out(h, p->block);
    p->channels = h->in_place ? d->from.c : PANEL_FLOATS / h->channel;
    if (p->channels < 1) p->channels = 1;
    int64_t blocks = (d->from.c + p->channels - 1) / p->channels;
    p->channels = (d->from.c + blocks - 1) / blocks;
    return true;
}

/* A block has less floats than twice BLOCK_FLOATS, or one position; so what is enough for some lanes is for fewer, too. */
static int64_t direct_lay_out(const struct window *c, bool data, float *base, struct direct *d)
{
    *d = (struct direct){.c = c,
                         .data = data,
                         .from = data ? c->out : c->in,
                         .to = data ? c->in : c->out,
                         .taps = window_taps(c)};
    d->shape = LEVEL(tile_shape_for)(d->to.c);
    int64_t used = 0, floats = 2 * (c->lanes > BLOCK_FLOATS ? c->lanes : BLOCK_FLOATS),
            panel = floats * d->taps + 32;
    float *taps, *columns;
    conv_carve(base, &used, &d->packed, (d->to.c + TILE_MAX_M) * d->from.c * d->taps + 16);
    conv_carve(base, &used, &d->panel, (panel > PANEL_FLOATS ? panel : PANEL_FLOATS) + 16);
    conv_carve(base, &used, &taps, d->taps * (int64_t)(sizeof *d->tap / sizeof *taps));
    conv_carve(base, &used, &columns, 2 * floats * (int64_t)(sizeof *d->column / sizeof *columns));
    conv_carve(base, &used, &d->side, data && c->stride[AXIS_W] > 1 ? floats * d->to.c + 16 : 0);
    d->tap = (struct tap *)(void *)taps, d->column = (struct tile_column *)(void *)columns;
    return used;
}

static int64_t direct_scratch_floats(const struct window *c)
{
    struct direct d;
    int64_t forward = direct_lay_out(c, false, NULL, &d), data = direct_lay_out(c, true, NULL, &d);
    return forward > data ? forward : data;
}

/* Turns `rows` <= m rows of `count` weights into `count` rows of m, and writes up to a register behind them. */
static void direct_turn_weights(const float *from, int64_t row, int64_t rows, int64_t count, int64_t m,
                                float *to)
{
    for (int64_t k = 0; k < count; k += VW) {
        int64_t some = direct_smaller(count - k, VW);
        vecu block[(TILE_MAX_M + VW - 1) / VW][VW];
        for (int64_t i = 0; i < m; i += VW) {
            for (int64_t j = 0; j < VW; j++)
                block[i / VW][j] = i + j < rows ? (vecu)tile_load(from + (i + j) * row + k, some) : (vecu){0};
            vec_transpose_block(block[i / VW]);
        }
        for (int64_t j = 0; j < some; j++, to += m)
            for (int64_t i = 0; i < m; i += VW) vec_store_any(to + i, (vec)block[i / VW][j]);
    }
}

/* Packs weights [OC][IC][taps] into tiles. */
static void direct_pack_weights(const struct direct *d, const float *weight)
{
    int64_t m = d->shape.m, across = d->c->in.c * d->taps;
    float *to = d->packed;
    for (int64_t first = 0; first < d->to.c; first += m) {
        int64_t rows = direct_smaller(d->to.c - first, m);
        if (!d->data) direct_turn_weights(weight + first * across, across, rows, across, m, to);
        for (int64_t i = 0; i < d->from.c && d->data; i++)
            direct_turn_weights(weight + i * across + first * d->taps, d->taps, rows, d->taps, m,
                                to + i * d->taps * m);
        to += d->from.c * d->taps * m;
    }
}

/* The tile's rows of the block, from those of the first channel. */
static void direct_run_tiles(const struct direct *d, struct phase *p, const struct tile *first, int64_t row)
{
    const struct halo *h = &p->halo;
    struct tile t = *first;
    int64_t to = row * t.c_row;
    t.a += row * d->from.c * d->taps, t.c += to;
    t.rows = (int)direct_smaller(d->to.c - row, d->shape.m);
    t.finish = finish_from(&first->finish, row, to);
    for (int64_t i = 0, count; i < p->columns; i += count) {
        const struct tile_column *column = d->column + i;
        count = direct_smaller(d->shape.j, p->columns - i);
        uint64_t skip = column->skip;
        for (int64_t j = 1; j < count; j++) {
            if (column[j].skip != skip && (h->in_place || 2 * j > d->shape.j)) count = j;
            if (j < count) skip = halo_skip_both(skip, column[j].skip);
        }
        if (skip != p->skip) p->taps = LEVEL(halo_list_taps)(h, d->c, skip, d->shape.m, d->tap);
        p->skip = skip, t.taps = p->taps;
        LEVEL(tile_run_columns)(d->shape.m, count, &t, column);
    }
}

/* Stores the results of a block that were computed side by side. */
static void direct_weave(const struct direct *d, const struct halo *h, const struct block *b,
                         const struct columns_to *to, int64_t first)
{
    int64_t plane = shape_positions(d->to) * h->lanes;
    const float *side = d->side;
    for (int64_t i = 0; i < d->to.c; i++)
        for (int64_t z = 0; z < b->count[AXIS_D]; z++)
            for (int64_t y = 0; y < b->count[AXIS_H]; y++) {
                int64_t at = i * plane + first + z * to->plane + y * to->row;
                for (int64_t x = 0; x < b->count[AXIS_W]; x++, at += to->position)
                    for (int64_t n = 0; n < h->lanes; n++) {
                        float value = *side++;
                        if (d->finish.relu && value < 0) value = 0;
                        if (d->finish.mask && d->finish.mask[at + n] <= 0) value = 0;
                        d->result[at + n] = value;
                    }
            }
}

static void direct_run_block(const struct direct *d, struct phase *p, const struct block *b)
{
    struct halo *h = &p->halo;
    const int64_t *count = b->count, *size = d->to.d;
    int64_t source = shape_positions(d->from) * d->c->lanes, row = size[AXIS_W] * h->lanes,
            floats = count[AXIS_D] * count[AXIS_H] * count[AXIS_W] * h->lanes;
    halo_lay_out(h, count);
    const struct axis *a = h->axis;
    struct columns_to to = {.position = a[AXIS_W].apart * h->lanes};
    to.row = a[AXIS_H].apart * row, to.plane = a[AXIS_D].apart * size[AXIS_H] * row;
    int64_t at = a[AXIS_W].first * h->lanes + a[AXIS_H].first * row + a[AXIS_D].first * size[AXIS_H] * row +
                 b->first[AXIS_W] * to.position + b->first[AXIS_H] * to.row + b->first[AXIS_D] * to.plane;
    struct columns_to side = {h->lanes, count[AXIS_W] * h->lanes, count[AXIS_H] * count[AXIS_W] * h->lanes};
    if (p->columns == 0 || !LEVEL(columns_same)(h, b, &p->listed)) {
        p->columns = LEVEL(columns_list)(h, b, p->woven ? &side : &to, h->in_place, d->column);
        p->skip = 0, p->taps = LEVEL(halo_list_taps)(h, d->c, 0, d->shape.m, d->tap);
    }
    p->listed = *b;
    struct tile t = {.tap = d->tap,
                     .a_channel = d->taps * d->shape.m,
                     .b = h->in_place ? d->source : d->panel,
                     .c = p->woven ? d->side : d->result + at,
                     .b_channel = h->channel,
                     .c_row = p->woven ? floats : shape_positions(d->to) * d->c->lanes,
                     .finish =
                         p->woven ? (struct finish){.bias = d->finish.bias} : finish_from(&d->finish, 0, at)};
    for (int i = 0; i < SHAPE_AXES && h->in_place; i++) t.b += b->first[i] * h->step[i];
    for (int64_t channel = 0; channel < d->from.c; channel += p->channels) {
        t.channels = direct_smaller(p->channels, d->from.c - channel);
        for (int64_t i = 0; i < t.channels && !h->in_place; i++)
            LEVEL(halo_fill)(h, b, d->source + (channel + i) * source, d->panel + i * h->channel);
        t.a = d->packed + channel * t.a_channel;
        t.resumes = channel > 0, t.waits = channel + t.channels < d->from.c;
        for (int64_t row_tile = 0; row_tile < d->to.c; row_tile += d->shape.m)
            direct_run_tiles(d, p, &t, row_tile);
    }
    if (p->woven) direct_weave(d, h, b, &to, at);
}

static void direct_run_phase(const struct direct *d, struct phase *p)
{
    struct halo *h = &p->halo;
    struct block b;
    int64_t *at = b.first;
    for (at[AXIS_D] = 0; at[AXIS_D] < h->axis[AXIS_D].results; at[AXIS_D] += p->block[AXIS_D])
        for (at[AXIS_W] = 0; at[AXIS_W] < h->axis[AXIS_W].results; at[AXIS_W] += p->block[AXIS_W])
            for (at[AXIS_H] = 0; at[AXIS_H] < h->axis[AXIS_H].results; at[AXIS_H] += p->block[AXIS_H]) {
                for (int i = 0; i < SHAPE_AXES; i++)
                    b.count[i] = direct_smaller(p->block[i], h->axis[i].results - at[i]);
                direct_run_block(d, p, &b);
            }
}

static void direct_run(const struct window *c, bool data, const float *weight, const float *source,
                       const struct finish *finish, float *result, float *scratch)
{
    struct direct d;
    direct_lay_out(c, data, scratch, &d);
    direct_pack_weights(&d, weight);
    d.source = source, d.result = result, d.finish = *finish;
    int64_t end[SHAPE_AXES], first[SHAPE_AXES];
    for (int i = 0; i < SHAPE_AXES; i++) end[i] = data ? c->stride[i] : 1;
    struct phase p;
    for (first[AXIS_D] = 0; first[AXIS_D] < end[AXIS_D]; first[AXIS_D]++)
        for (first[AXIS_H] = 0; first[AXIS_H] < end[AXIS_H]; first[AXIS_H]++)
            for (first[AXIS_W] = 0; first[AXIS_W] < end[AXIS_W]; first[AXIS_W]++)
                if (direct_plan(&d, first, &p)) direct_run_phase(&d, &p);
}

static void direct_forward(const struct window *c, const float *weight, const float *x,
                           const struct finish *finish, float *y, float *scratch)
{
    direct_run(c, false, weight, x, finish, y, scratch);
}

static void direct_backward_data(const struct window *c, const float *weight, const float *dy,
                                 const struct finish *finish, float *dx, float *scratch)
{
    direct_run(c, true, weight, dy, finish, dx, scratch);
}

static bool direct_fits(const struct window *c, enum conv_product product)
{
    (void)c;
    return product != CONV_WEIGHT;
}

const struct conv_way LEVEL(conv_way_direct) = {
    .fits = direct_fits,
    .scratch_floats = direct_scratch_floats,
    .forward = direct_forward,
    .backward_data = direct_backward_data,
};
