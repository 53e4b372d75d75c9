/* strips.c - Winograd's algorithm by blocks of 16 lanes (strips.h). */
#include "math/vec/conv/winograd/strips.h"

#define LANES        16                             /* of a block */
#define GROUP        (2 * VW)                       /* columns of a group */
#define BESIDE       (VW == LANES ? 2 * LANES : VW) /* from a register of the strip to the next of its group */
#define TILES        ((GROUP + LANES - 1) / LANES)  /* that a group covers, whole or in part */
#define PAD          16                             /* floats behind a point of the weights */
#define STRIP_FLOATS (160 * 1024 / 4)               /* a part of an L2 cache */

/* Rows of the register tiles. Sums of few terms end so soon that the machine must see the next tile's begin, which
 * more than 16 instructions a term would keep it from. */
#if VEC_REGISTERS == 32
#define BIG   12
#define SMALL 8
#else
#define BIG   6
#define SMALL 4
#endif
#define FEW_TERMS 24

struct strips {
    struct window c;
    struct finish finish;
    int64_t terms;     /* S */
    int64_t tiles;     /* of a strip */
    int64_t row, term; /* of the strip: floats of a row, and of a term */
    float *u, *m;      /* weights [rows of tiles][16][S][rows], products of a group [BIG][16][GROUP] */
    float *strip;      /* [S][4][positions][LANES]: Bt d */
    float *kept;       /* [S][2][positions][LANES]: the inputs that the next row of tiles sees as well */
};

/* A row of tiles of a block of lanes. */
struct place {
    int64_t z, row; /* plane of the output, and row of tiles in it */
    int64_t first, tiles, lane;
};

/* Returns the rows of the next register tile where `left` are left. */
static int64_t strips_next_rows(const struct strips *w, int64_t left)
{
    return w->terms <= FEW_TERMS || left <= SMALL || left == 2 * SMALL ? SMALL : BIG;
}

static int64_t strips_lay_out(const struct window *c, float *base, struct strips *w)
{
    int64_t terms = winograd_terms(c), used = 0, across = (c->out.d[AXIS_W] + 1) / 2;
    int64_t fit = (STRIP_FLOATS / (4 * LANES * terms) - 2) / 2;
    int64_t parts = (across + fit - 1) / fit, tiles = (across + parts - 1) / parts;
    *w = (struct strips){.c = *c, .terms = terms, .tiles = tiles};
    w->row =
        (2 * ((tiles + TILES - 1) / TILES * TILES) + 3) * LANES; /* odd: rows lie apart in the L1 cache */
    w->term = 4 * w->row;
    int64_t rows = c->out.c + BIG; /* of the last tile some may be missing */
    conv_carve(base, &used, &w->u, WINOGRAD_POINTS * (rows * terms + (rows + SMALL - 1) / SMALL * PAD));
    conv_carve(base, &used, &w->m, BIG * WINOGRAD_POINTS * GROUP);
    conv_carve(base, &used, &w->strip, terms * w->term);
    conv_carve(base, &used, &w->kept, terms * 2 * w->row);
    return used;
}

int64_t LEVEL(strips_floats)(const struct window *c)
{
    struct strips w;
    return strips_lay_out(c, NULL, &w);
}

/* Floats of the weights of a register tile. */
static int64_t strips_tile_weights(const struct strips *w, int64_t rows)
{
    return WINOGRAD_POINTS * (w->terms * rows + PAD);
}

static void strips_transform_weights(const struct strips *w, const struct winograd_weights *weights)
{
    float *u = w->u;
    for (int64_t oc = 0, rows; oc < w->c.out.c; oc += rows, u += strips_tile_weights(w, rows)) {
        rows = strips_next_rows(w, w->c.out.c - oc);
        LEVEL(winograd_transform_weights)(&w->c, weights, oc, rows, w->terms * rows + PAD, u);
    }
}

/* Bt d of one term. `from` are the four rows of inputs, NULL: zeros; the first two are taken from `kept` unless this
 * is the `first` row of tiles. */
static void strips_fill_term(const struct strips *w, const float *const from[4], bool first, int64_t left,
                             float *kept, float *to)
{
    int64_t width = w->c.in.d[AXIS_W], lanes = w->c.lanes, row = w->row;
    int64_t next =
        shape_positions(w->c.in) * lanes; /* the next channel, whose lines no prefetcher foresees */
    for (int64_t i = 0, x = left; i < row; i += LANES, x++) {
        const float *input[4];
        for (int k = first ? 0 : 2; k < 4; k++) {
            input[k] = from[k] && x >= 0 && x < width ? from[k] + x * lanes : NULL;
            if (input[k]) __builtin_prefetch(input[k] + next);
        }
        VEC_EACH (j, VEC_PARTS) {
            vec d[4];
            int64_t at = i + j * VW;
            for (int k = 0; k < 4; k++) {
                if (k < 2 && !first)
                    d[k] = vec_load(kept + k * row + at);
                else
                    d[k] = input[k] ? vec_load(input[k] + j * VW) : (vec){0};
            }
            vec_store(to + at, d[0] - d[2]);
            vec_store(to + row + at, d[1] + d[2]);
            vec_store(to + 2 * row + at, d[2] - d[1]);
            vec_store(to + 3 * row + at, d[1] - d[3]);
            vec_store(kept + at, d[2]);
            vec_store(kept + row + at, d[3]);
        }
    }
}

static void strips_fill(const struct strips *w, const struct place *p, const float *x)
{
    const int64_t *in = w->c.in.d;
    int64_t taps = w->c.kernel[AXIS_D], row = in[AXIS_W] * w->c.lanes;
    int64_t left = 2 * p->first - w->c.pad_before[AXIS_W];
    for (int64_t k = 0; k < w->terms; k++) {
        int64_t z = p->z - w->c.pad_before[AXIS_D] + k % taps;
        const float *plane = x + (k / taps * in[AXIS_D] + z) * in[AXIS_H] * row + p->lane, *from[4];
        for (int64_t i = 0; i < 4; i++) {
            int64_t y = 2 * p->row - w->c.pad_before[AXIS_H] + i;
            bool inside = z >= 0 && z < in[AXIS_D] && y >= 0 && y < in[AXIS_H];
            from[i] = inside ? plane + y * row : NULL;
        }
        float *kept = w->kept + 2 * k * w->row, *to = w->strip + k * w->term;
        if (p->row)
            strips_fill_term(w, from, false, left, kept, to);
        else
            strips_fill_term(w, from, true, left, kept, to);
    }
}

/* The products of M rows of a group at one point. Columns are the sums or the differences of positions b and c. */
VEC_INLINE void strips_tile(const int M, const int sign, int64_t term, int64_t terms, const float *a,
                            const float *b, const float *c, vec sum[][2], float *m)
{
    for (int64_t s = 0; s < terms; s++, a += M, b += term, c += term) {
        vec column[2];
        VEC_EACH (j, 2) {
            vec left = vec_load(b + j * BESIDE), right = vec_load(c + j * BESIDE);
            column[j] = sign > 0 ? left + right : left - right;
        }
        VEC_EACH (i, M) {
            vec weight = vec_all(a[i]);
            VEC_EACH (j, 2) sum[i][j] += weight * column[j];
        }
    }
    VEC_EACH (i, M)
        VEC_EACH (j, 2) vec_store(m + i * WINOGRAD_POINTS * GROUP + j * VW, sum[i][j]);
}

/* M rows of a group, of which `left` exist, at all points. The bias enters as the start of the sums of point (1, 1),
 * which every output takes once. */
VEC_INLINE void strips_rows(const int M, const struct strips *w, const float *a, const float *s,
                            const float *bias, int64_t left)
{
    int64_t term = w->term, terms = w->terms, point = terms * M + PAD;
    float *m = w->m;
    for (int y = 0; y < 4; y++, s += w->row) {
        vec sum[BIG][2];
#define POINT(sign, b, c, start)                                                                             \
    VEC_EACH (i, M) sum[i][0] = sum[i][1] = vec_all(start);                                                  \
    strips_tile(M, sign, term, terms, a, s + (b)*LANES, s + (c)*LANES, sum, m);                              \
    a += point, m += GROUP;
        POINT(-1, 0, 2, 0)
        POINT(1, 1, 2, y == 1 && bias && i < left ? bias[i] : 0)
        POINT(-1, 2, 1, 0)
        POINT(-1, 1, 3, 0)
#undef POINT
    }
}

static __attribute__((noinline)) void strips_rows_big(const struct strips *w, const float *a, const float *s,
                                                      const float *bias, int64_t left)
{
    strips_rows(BIG, w, a, s, bias, left);
}

static __attribute__((noinline)) void strips_rows_small(const struct strips *w, const float *a,
                                                        const float *s, const float *bias, int64_t left)
{
    strips_rows(SMALL, w, a, s, bias, left);
}

/* The outputs of a group and `rows` channels. */
struct target {
    int64_t at, rows, volume, row, lanes;
    bool below, right[2]; /* the second row, and a tile's second position, exist */
    int count;            /* registers that exist */
};

static struct target strips_target(const struct strips *w, const struct place *p, int64_t group)
{
    int64_t height = w->c.out.d[AXIS_H], width = w->c.out.d[AXIS_W], lanes = w->c.lanes;
    int64_t tile = group * GROUP / LANES, x = 2 * (p->first + tile), row = width * lanes;
    struct target t = {.volume = shape_positions(w->c.out) * lanes, .row = row, .lanes = lanes};
    t.at = (p->z * height + 2 * p->row) * row + x * lanes + p->lane + group * GROUP % LANES;
    t.below = 2 * p->row + 1 < height;
    t.right[0] = x + 1 < width, t.right[1] = VW == LANES ? x + 3 < width : t.right[0];
    t.count = VW == LANES && tile + 1 == p->tiles ? 1 : 2;
    return t;
}

/* Fetches the lines of the outputs, which are far apart, while the products are computed. */
static void strips_expect(const struct target *t, const float *y)
{
    y += t->at;
    for (int64_t i = 0; i < t->rows; i++, y += t->volume)
        for (int64_t k = 0; k < 2 * TILES; k++) {
            __builtin_prefetch(y + k * t->lanes, 1);
            __builtin_prefetch(y + t->row + k * t->lanes, 1);
        }
}

/* At M A of a group; `plain`: nothing remains to be done with the results. */
VEC_INLINE void strips_outputs_of(const bool plain, const struct strips *w, const struct target *t,
                                  const struct finish *finish, float *y)
{
    const int64_t lanes = t->lanes, row = t->row;
    for (int j = 0; j < t->count; j++) {
        int64_t at = t->at + j * (VW == LANES ? 2 * lanes : VW);
        const float *m = w->m + j * VW;
        bool right = t->right[j];
        for (int64_t i = 0; i < t->rows; i++, at += t->volume, m += WINOGRAD_POINTS * GROUP) {
            vec out[2][2];
            winograd_transform_output(m, GROUP, out);
#define STORE(to, v) vec_store(y + (to), plain ? (v) : finish_apply(finish, to, v))
            STORE(at, out[0][0]);
            if (right) STORE(at + lanes, out[0][1]);
            if (!t->below) continue;
            STORE(at + row, out[1][0]);
            if (right) STORE(at + row + lanes, out[1][1]);
#undef STORE
        }
    }
}

static void strips_outputs(const struct strips *w, const struct target *t, const struct finish *finish,
                           float *y)
{
    if (finish->relu == 0 && !finish->mask)
        strips_outputs_of(true, w, t, finish, y);
    else
        strips_outputs_of(false, w, t, finish, y);
}

static void strips_run_row(const struct strips *w, const struct place *p, float *y)
{
    int64_t groups = (p->tiles * LANES + GROUP - 1) / GROUP, channels = w->c.out.c;
    for (int64_t g = 0; g < groups; g++) {
        const float *s = w->strip + g * GROUP / LANES * 2 * LANES + g * GROUP % LANES, *u = w->u;
        struct target t = strips_target(w, p, g);
        for (int64_t oc = 0, rows; oc < channels; oc += rows, t.at += rows * t.volume) {
            const float *bias = w->finish.bias ? w->finish.bias + oc : NULL;
            rows = strips_next_rows(w, channels - oc);
            t.rows = rows < channels - oc ? rows : channels - oc;
            strips_expect(&t, y);
            (rows == BIG ? strips_rows_big : strips_rows_small)(w, u, s, bias, t.rows);
            strips_outputs(w, &t, &w->finish, y);
            u += strips_tile_weights(w, rows);
        }
    }
}

/* Lanes [lane, lane + lanes) of all outputs become zeros. */
static void strips_clear(const struct strips *w, int64_t lane, int64_t lanes, float *y)
{
    for (int64_t i = 0; lanes && i < shape_features(w->c.out); i++)
        memset(y + i * w->c.lanes + lane, 0, (size_t)lanes * sizeof *y);
}

static void strips_run_lanes(const struct strips *w, int64_t lane, const float *x, float *y)
{
    const int64_t *out = w->c.out.d;
    int64_t across = (out[AXIS_W] + 1) / 2, down = (out[AXIS_H] + 1) / 2;
    struct place p = {.lane = lane};
    for (p.first = 0; p.first < across; p.first += w->tiles) {
        p.tiles = across - p.first < w->tiles ? across - p.first : w->tiles;
        for (p.z = 0; p.z < out[AXIS_D]; p.z++)
            for (p.row = 0; p.row < down; p.row++) {
                strips_fill(w, &p, x);
                strips_run_row(w, &p, y);
            }
    }
}

void LEVEL(strips_run)(const struct window *c, const struct winograd_weights *weights,
                       const struct finish *finish, const float *x, float *y, float *scratch)
{
    struct strips w;
    strips_lay_out(c, scratch, &w);
    w.finish = *finish;
    strips_transform_weights(&w, weights);
    int64_t own = c->lanes / c->leaves;
    for (int64_t leaf = 0; leaf < c->leaves; leaf++) {
        int64_t used = window_used_lanes(c, leaf, LANES);
        for (int64_t lane = 0; lane < used; lane += LANES) strips_run_lanes(&w, leaf * own + lane, x, y);
        strips_clear(&w, leaf * own + used, own - used, y);
    }
}
