/* conv_direct.c - forward pass and data gradient of a convolution as plain sums of products.
 *
 * Both are convolutions that read a source and write a result, the data gradient one for each phase of its stride.
 * The result is cut into blocks. For each block, channels of the source are copied into a panel with zeros around
 * them, so that registers of the result may begin anywhere and a tap is one offset for all of them; taps that meet
 * only padding are left out. Sums wait in the result from one block of channels to the next: each element is one
 * chain of products over channels and taps in order, whatever the blocks, the number of samples or the register.
 * With few channels the source is read in place: by 1x1 windows, and by others where a register lies within a
 * position. Where inputs of products are rounded to bfloat16, pairs of channels take the place of channels. */
#include "math/vec/conv/direct/columns.h"
#include "math/vec/conv/direct/weights.h"
#include "math/vec/conv/trim.h"
#include "math/vec/weave.h"

#define BLOCK_FLOATS 768              /* results of a channel in a block; */
#define POINT_MIN    192              /* of windows of one tap at least, */
#define POINT_MAX    384              /* and at most, */
#define POINT_FLOATS (512 * 1024 / 4) /* so that all channels of source and result fit into an L2 cache */
#define WIDE_FLOATS  192              /* of a row in a block with several rows, which share what they see */
#define PANEL_FLOATS (192 * 1024 / 4) /* a part of an L2 cache */
/* Copied into panels, so that a tile does not read streams that are often powers of two apart and push each other out
 * of the caches: more source channels than this; and, where a window has several taps, more pairs of channels. */
#define PANEL_SOURCE 16
#define PANEL_PAIRS  128
#define LOOSE_CHANNELS                                                                                       \
    16 /* of a panel of the data gradient, where weights are in place: each is a stream of its own */

/* One of the two directions, and its scratch: packed weights, the panel, tables of registers and taps, and a block of
 * the result. */
struct direct {
    const struct window *c;
    bool data; /* the data gradient */
    struct finish finish;
    const float *source;
    float *result;
    struct shape from, to;
    int64_t channels; /* of the source, or pairs of them */
    bool pairs;
    struct tile_shape shape;
    int64_t taps; /* of the window */
    struct weights weights;
    float *packed, *panel, *spare, *side;
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

/* Results of a channel in a block. With one tap there is little work between two visits of a result, so panels have
 * more channels and fewer columns. */
static int64_t direct_block_floats(const struct direct *d, const struct halo *h)
{
    if (h->in_place || d->taps > 1) return BLOCK_FLOATS;
    int64_t floats = POINT_FLOATS / (d->from.c + d->to.c);
    return floats < POINT_MIN ? POINT_MIN : direct_smaller(floats, POINT_MAX);
}

/* Chooses the blocks of about `floats` results: near to a cube of whole rows, or pieces of rows. */
static void direct_choose_block(const struct phase *p, int64_t floats, int64_t block[SHAPE_AXES])
{
    const struct axis *a = p->halo.axis;
    int64_t lanes = p->woven ? p->halo.lanes * a[AXIS_W].apart : p->halo.lanes;
    bool rows_share = a[AXIS_H].taps > 1 || a[AXIS_D].taps > 1;
    int64_t width = a[AXIS_W].results, height = a[AXIS_H].results, depth = a[AXIS_D].results;
    int64_t row = width * lanes, n = width;
    if (row >= floats || (row > WIDE_FLOATS && rows_share && height > 1))
        n = (rows_share ? WIDE_FLOATS : floats) / lanes;
    if (n > 16 && n < width) n = n / 16 * 16;
    block[AXIS_W] = direct_even_part(width, n);
    int64_t rows = floats / (block[AXIS_W] * lanes);
    block[AXIS_D] = rows >= height ? direct_even_part(depth, rows / height) : 1;
    if (rows < height && a[AXIS_D].taps > 1)
        while (block[AXIS_D] < 4 && block[AXIS_D] * block[AXIS_D] * 2 < rows) block[AXIS_D] *= 2;
    block[AXIS_D] = direct_smaller(block[AXIS_D], depth);
    block[AXIS_H] = direct_even_part(height, rows / block[AXIS_D]);
}

/* Lays out the panel of a block, and takes as many channels as fit. */
static void direct_fit_panel(const struct direct *d, struct phase *p)
{
    struct halo *h = &p->halo;
    const struct axis *w = &h->axis[AXIS_W];
    int64_t row = w->results * h->lanes;
    h->gapless = p->block[AXIS_W] == w->results && row % VW != 0 && row < 10 * VW;
    halo_lay_out(h, p->block);
    p->channels = h->in_place ? d->channels : PANEL_FLOATS / h->channel;
    if (!h->in_place && d->data && d->weights.a_row != 1)
        p->channels = direct_smaller(p->channels, LOOSE_CHANNELS);
    if (p->channels < 1) p->channels = 1;
    int64_t blocks = (d->channels + p->channels - 1) / p->channels;
    p->channels = (d->channels + blocks - 1) / blocks;
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
    p->woven = w->apart > 1 && h->lanes % VW != 0;
    bool few = d->from.c <= PANEL_SOURCE &&
               (same || (d->from.c * d->to.c <= PANEL_PAIRS && direct_skips_exactly(h)));
    h->in_place = few && !d->pairs && (same && dense ? w->results >= VW : h->lanes % VW == 0);
    direct_choose_block(p, direct_block_floats(d, h), p->block);
    direct_fit_panel(d, p);
    return true;
}

static int64_t direct_lay_out(const struct window *c, bool data, float *base, struct direct *d)
{
    *d = (struct direct){.c = c,
                         .data = data,
                         .from = data ? c->out : c->in,
                         .to = data ? c->in : c->out,
                         .pairs = c->products == PRODUCTS_BF16,
                         .taps = window_taps(c)};
    d->channels = d->pairs ? (d->from.c + 1) / 2 : d->from.c;
    d->shape = LEVEL(tile_shape_for)(d->to.c);
    int64_t used = 0, position = data ? c->lanes * c->stride[AXIS_W] : c->lanes,
            floats = 2 * (position > BLOCK_FLOATS ? position : BLOCK_FLOATS), panel = floats * d->taps + 32;
    float *taps, *columns;
    conv_carve(base, &used, &d->packed, LEVEL(weights_floats)(c, data, d->shape.m));
    conv_carve(base, &used, &d->panel, (panel > PANEL_FLOATS ? panel : PANEL_FLOATS) + 16);
    conv_carve(base, &used, &d->spare, d->pairs ? panel + 16 : 0);
    conv_carve(base, &used, &taps, d->taps * (int64_t)(sizeof *d->tap / sizeof *taps));
    conv_carve(base, &used, &columns, 2 * floats * (int64_t)(sizeof *d->column / sizeof *columns));
    conv_carve(base, &used, &d->side, data && c->stride[AXIS_W] > 1 ? floats * d->to.c + 16 : 0);
    d->tap = (struct tap *)(void *)taps, d->column = (struct tile_column *)(void *)columns;
    return used;
}

static int64_t direct_scratch_floats(const struct window *c)
{
    struct direct d;
    struct trim t = LEVEL(trim_to_point)(c);
    int64_t forward = direct_lay_out(&t.window, false, NULL, &d),
            data = direct_lay_out(&t.window, true, NULL, &d);
    return trim_floats(&t, c) + (forward > data ? forward : data);
}

/* The next registers for one tile: those that need much the same taps. Sets the taps that all do without. */
static int64_t direct_next_registers(const struct direct *d, const struct halo *h,
                                     const struct tile_column *column, int64_t left, uint64_t *skip)
{
    int64_t count = direct_smaller(d->shape.j, left);
    *skip = column->skip;
    for (int64_t j = 1; j < count; j++) {
        if (column[j].skip != *skip && (h->in_place || 2 * j > d->shape.j)) return j;
        *skip = halo_skip_both(*skip, column[j].skip);
    }
    return count;
}

/* The tile's rows of the block, from those of the first channel. */
static void direct_run_tiles(const struct direct *d, struct phase *p, const struct tile *first, int64_t row)
{
    struct tile t = *first;
    int64_t to = row * t.c_row;
    t.a += row * d->weights.a_result, t.c += to;
    t.rows = (int)direct_smaller(d->to.c - row, d->shape.m);
    t.finish = finish_from(&first->finish, row, to);
    for (int64_t i = 0, count; i < p->columns; i += count) {
        const struct tile_column *column = d->column + i;
        uint64_t skip = column->skip;
        count = t.a_row <= 1 && !t.pairs ? column->beside : 0;
        if (count < p->columns - i) count -= count % d->shape.j;
        bool beside = count > 0;
        if (!beside) count = direct_next_registers(d, &p->halo, column, p->columns - i, &skip);
        if (skip != p->skip) p->taps = LEVEL(halo_list_taps)(&p->halo, d->c, skip, d->weights.a_tap, d->tap);
        p->skip = skip, t.taps = p->taps;
        if (!beside) {
            LEVEL(tile_run_columns)(d->shape.m, count, &t, column);
            continue;
        }
        struct tile side = t;
        side.b += column->from, side.c += column->to;
        side.finish = finish_from(&t.finish, 0, column->to);
        LEVEL(tile_run)(d->shape.m, count, &side);
    }
}

/* Fills a channel of the panel, or a pair of them. */
static void direct_fill(const struct direct *d, const struct halo *h, const struct block *b, int64_t channel,
                        float *panel)
{
    const float *from = d->source + (d->pairs ? 2 * channel : channel) * h->source;
    LEVEL(halo_fill)(h, b, from, panel);
    if (!d->pairs) return;
    bool second = 2 * channel + 1 < d->from.c;
    if (second) LEVEL(halo_fill)(h, b, from + h->source, d->spare);
    pair_rows(panel, second ? d->spare : NULL, h->channel, panel);
}

/* A block of results, which begin at `result` and lie as `to` says, channels `channel` floats apart. */
static void direct_run_block(const struct direct *d, struct phase *p, const struct block *b,
                             const struct columns_to *to, float *result, int64_t channel,
                             const struct finish *finish)
{
    struct halo *h = &p->halo;
    halo_lay_out(h, b->count);
    if (p->columns == 0 || !LEVEL(columns_same)(h, b, &p->listed)) {
        p->columns = LEVEL(columns_list)(h, b, to, h->in_place, d->column);
        p->skip = 0, p->taps = LEVEL(halo_list_taps)(h, d->c, 0, d->weights.a_tap, d->tap);
    }
    p->listed = *b;
    struct tile t = {.pairs = d->pairs,
                     .tap = d->tap,
                     .a_channel = d->weights.a_channel,
                     .a_row = d->weights.a_row,
                     .b = h->in_place ? d->source : d->panel,
                     .b_channel = h->channel,
                     .c = result,
                     .c_row = channel,
                     .finish = *finish};
    for (int i = 0; i < SHAPE_AXES && h->in_place; i++) t.b += b->first[i] * h->step[i];
    for (int64_t first = 0; first < d->channels; first += p->channels) {
        t.channels = direct_smaller(p->channels, d->channels - first);
        for (int64_t i = 0; i < t.channels && !h->in_place; i++)
            direct_fill(d, h, b, first + i, d->panel + i * h->channel);
        t.a = d->weights.first + first * t.a_channel;
        t.resumes = first > 0, t.waits = first + t.channels < d->channels;
        for (int64_t row = 0; row < d->to.c; row += d->shape.m) direct_run_tiles(d, p, &t, row);
    }
}

/* Weaves `results` positions of a row; those of each phase are side by side, phases `phase` floats apart. */
static void direct_weave_row(const float *side, int64_t phase, int64_t phases, int64_t lanes, int64_t results,
                             float *to)
{
    int64_t x = 0, floats = results * lanes;
    if (phases == 2) x = weave_join_positions(lanes, side, side + phase, floats / 2, to) / lanes;
    for (int64_t at = x * phases * lanes; at < floats; x++)
        for (int64_t r = 0; r < phases && at < floats; r++)
            for (int64_t n = 0, some; n < lanes; n += some, at += some) {
                const float *from = side + r * phase + x * lanes + n;
                some = direct_smaller(lanes - n, VW);
                if (at + VW <= floats) /* what comes behind these lanes is written next */
                    vec_store_any(to + at, vec_load_any(from));
                else
                    memcpy(to + at, from, (size_t)some * sizeof *to);
            }
}

/* A block of all phases along the width. */
static void direct_run_woven(const struct direct *d, const struct phase *p, const struct block *b,
                             const struct columns_to *to, int64_t at, int64_t channel)
{
    const int64_t *count = b->count;
    int64_t lanes = p->halo.lanes, row = count[AXIS_W] * lanes, plane = count[AXIS_H] * row,
            side = count[AXIS_D] * plane, phases = d->c->stride[AXIS_W];
    for (int64_t r = 0; r < phases; r++) {
        struct phase q = *p;
        struct block part = *b;
        q.halo.axis[AXIS_W] = axis_of(d->c, true, AXIS_W, r);
        q.columns = 0;
        direct_fit_panel(d, &q);
        part.count[AXIS_W] = direct_smaller(count[AXIS_W], q.halo.axis[AXIS_W].results - b->first[AXIS_W]);
        if (part.count[AXIS_W] > 0)
            direct_run_block(d, &q, &part, &(struct columns_to){lanes, row, plane},
                             d->side + r * d->to.c * side, side, &(struct finish){.bias = d->finish.bias});
    }
    int64_t results = direct_smaller(count[AXIS_W] * phases, d->to.d[AXIS_W] - b->first[AXIS_W] * phases);
    const float *from = d->side;
    for (int64_t i = 0; i < d->to.c; i++)
        for (int64_t z = 0; z < count[AXIS_D]; z++)
            for (int64_t y = 0; y < count[AXIS_H]; y++, from += row) {
                int64_t first = i * channel + at + z * to->plane + y * to->row;
                float *result = d->result + first;
                direct_weave_row(from, d->to.c * side, phases, lanes, results, result);
                struct finish finish = finish_from(&d->finish, 0, first);
                for (int64_t f = 0; f < results * lanes && (finish.relu != 0 || finish.mask); f += VW) {
                    int64_t some = direct_smaller(results * lanes - f, VW);
                    vec v = finish_apply_part(&finish, f, some, vec_load_some(result + f, some));
                    vec_store_some(result + f, some, v);
                }
            }
}

static void direct_run_phase(const struct direct *d, struct phase *p)
{
    const struct axis *a = p->halo.axis;
    int64_t lanes = p->halo.lanes, row = d->to.d[AXIS_W] * lanes, plane = d->to.d[AXIS_H] * row,
            channel = shape_positions(d->to) * d->c->lanes;
    struct columns_to to = {a[AXIS_W].apart * lanes, a[AXIS_H].apart * row, a[AXIS_D].apart * plane};
    struct block b;
    int64_t *at = b.first;
    for (at[AXIS_D] = 0; at[AXIS_D] < a[AXIS_D].results; at[AXIS_D] += p->block[AXIS_D])
        for (at[AXIS_W] = 0; at[AXIS_W] < a[AXIS_W].results; at[AXIS_W] += p->block[AXIS_W])
            for (at[AXIS_H] = 0; at[AXIS_H] < a[AXIS_H].results; at[AXIS_H] += p->block[AXIS_H]) {
                for (int i = 0; i < SHAPE_AXES; i++)
                    b.count[i] = direct_smaller(p->block[i], a[i].results - at[i]);
                int64_t first = a[AXIS_W].first * lanes + a[AXIS_H].first * row + a[AXIS_D].first * plane +
                                at[AXIS_W] * to.position + at[AXIS_H] * to.row + at[AXIS_D] * to.plane;
                struct finish finish = finish_from(&d->finish, 0, first);
                if (p->woven)
                    direct_run_woven(d, p, &b, &to, first, channel);
                else
                    direct_run_block(d, p, &b, &to, d->result + first, channel, &finish);
            }
}

static void direct_run(const struct window *whole, bool data, const float *weight, const float *source,
                       const struct finish *finish, float *result, float *scratch)
{
    struct direct d;
    struct trim trim = LEVEL(trim_to_point)(whole);
    const struct window *c = &trim.window;
    weight = LEVEL(trim_take)(&trim, whole, weight, scratch);
    direct_lay_out(c, data, scratch + trim_floats(&trim, whole), &d);
    d.weights = LEVEL(weights_place)(c, data, d.shape.m, weight, d.packed);
    d.source = source, d.result = result, d.finish = *finish;
    int64_t end[SHAPE_AXES], first[SHAPE_AXES];
    for (int i = 0; i < SHAPE_AXES; i++) end[i] = data ? c->stride[i] : 1;
    struct phase p;
    unsigned mode = d.pairs ? pair_begin() : 0;
    for (first[AXIS_D] = 0; first[AXIS_D] < end[AXIS_D]; first[AXIS_D]++)
        for (first[AXIS_H] = 0; first[AXIS_H] < end[AXIS_H]; first[AXIS_H]++)
            for (first[AXIS_W] = 0; first[AXIS_W] < end[AXIS_W]; first[AXIS_W]++) {
                if (!direct_plan(&d, first, &p)) continue;
                direct_run_phase(&d, &p);
                if (p.woven) break; /* all phases along the width */
            }
    if (d.pairs) pair_end(mode);
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

const struct conv_way LEVEL(conv_way_direct) = {
    .scratch_floats = direct_scratch_floats,
    .forward = direct_forward,
    .backward_data = direct_backward_data,
};
