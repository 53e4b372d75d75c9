/* depthwise.c - convolutions whose every channel is a group of its own: all is read and written in place.
 *
 * Forward pass and data gradient are the same walk over their result: a position sums the taps whose source
 * exists, which tables list for each coordinate of each axis; so padding, stride and dilation cost nothing. A
 * weight's gradient is summed in 4 x 16 places: by the position along the width, and lane by lane. */
#include "math/vec/conv/conv.h"
#include "math/vec/conv/tree.h"

#define TILE   8 /* registers of lanes at once */
#define CHAINS 4

/* The taps of one result coordinate and the source coordinates they read. */
struct axis_tap {
    int64_t tap, source;
};

struct axis {
    int64_t *count;       /* [result size] */
    struct axis_tap *tap; /* [result size][kernel] */
};

struct depthwise {
    const struct window *c;
    struct shape from, to;
    struct axis axis[SHAPE_AXES];
    float *sums; /* weights' gradients: [taps][CHAINS][16] */
    float *slots;
    int64_t slot;
};

static int64_t depthwise_lay_out(const struct window *c, bool data, float *base, struct depthwise *d)
{
    int64_t used = 0, taps = window_taps(c);
    *d = (struct depthwise){
        .c = c, .from = data ? c->out : c->in, .to = data ? c->in : c->out, .slot = (taps + 15) / 16 * 16};
    for (int i = 0; i < SHAPE_AXES; i++) {
        float *count, *tap;
        conv_carve(base, &used, &count, 2 * d->to.d[i]);
        conv_carve(base, &used, &tap, 4 * d->to.d[i] * c->kernel[i]);
        d->axis[i] = (struct axis){(int64_t *)(void *)count, (struct axis_tap *)(void *)tap};
    }
    conv_carve(base, &used, &d->sums, taps * CHAINS * 16);
    conv_carve(base, &used, &d->slots, weight_tree_slots(c) * d->slot);
    return used;
}

static int64_t depthwise_scratch_floats(const struct window *c)
{
    struct depthwise d;
    int64_t forward = depthwise_lay_out(c, false, NULL, &d), data = depthwise_lay_out(c, true, NULL, &d);
    return forward > data ? forward : data;
}

/* Lists the taps of every coordinate: input = output * stride - padding + tap * dilation. */
static void depthwise_list_taps(const struct depthwise *d, bool data)
{
    const struct window *c = d->c;
    for (int i = 0; i < SHAPE_AXES; i++)
        for (int64_t at = 0; at < d->to.d[i]; at++) {
            struct axis_tap *list = d->axis[i].tap + at * c->kernel[i];
            int64_t count = 0;
            for (int64_t k = 0; k < c->kernel[i]; k++) {
                int64_t shift = k * c->dilation[i] - c->pad_before[i];
                int64_t source = data ? at - shift : at * c->stride[i] + shift;
                if (data && (source < 0 || source % c->stride[i] != 0)) continue;
                if (data) source /= c->stride[i];
                if (source >= 0 && source < d->from.d[i]) list[count++] = (struct axis_tap){k, source};
            }
            d->axis[i].count[at] = count;
        }
}

/* J registers of one result position; `from` and the result at `at` begin at its lanes. */
VEC_INLINE void depthwise_position(const int J, const struct depthwise *d, const int64_t p[SHAPE_AXES],
                                   const float *weight, float bias, const float *from,
                                   const struct finish *finish, int64_t at, float *result)
{
    const int64_t *kernel = d->c->kernel, lanes = d->c->lanes;
    const struct axis *z = &d->axis[AXIS_D], *y = &d->axis[AXIS_H], *x = &d->axis[AXIS_W];
    const struct axis_tap *first = x->tap + p[AXIS_W] * kernel[AXIS_W], *end = first + x->count[p[AXIS_W]];
    vec sum[TILE];
#pragma GCC unroll 8
    for (int j = 0; j < J; j++) sum[j] = vec_all(bias);
    for (int64_t i = 0; i < z->count[p[AXIS_D]]; i++)
        for (int64_t k = 0; k < y->count[p[AXIS_H]]; k++) {
            struct axis_tap tz = z->tap[p[AXIS_D] * kernel[AXIS_D] + i],
                            ty = y->tap[p[AXIS_H] * kernel[AXIS_H] + k];
            const float *w = weight + (tz.tap * kernel[AXIS_H] + ty.tap) * kernel[AXIS_W];
            const float *row = from + (tz.source * d->from.d[AXIS_H] + ty.source) * d->from.d[AXIS_W] * lanes;
            for (const struct axis_tap *tap = first; tap < end; tap++) {
                vec value = vec_all(w[tap->tap]);
#pragma GCC unroll 8
                for (int j = 0; j < J; j++) sum[j] += value * vec_load(row + tap->source * lanes + j * VW);
            }
        }
#pragma GCC unroll 8
    for (int j = 0; j < J; j++) vec_store(result + at + j * VW, finish_apply(finish, at + j * VW, sum[j]));
}

static void depthwise_channel(const struct depthwise *d, const float *weight, float bias, const float *from,
                              const struct finish *finish, int64_t at, float *result)
{
    int64_t lanes = d->c->lanes, p[SHAPE_AXES];
    for (p[AXIS_D] = 0; p[AXIS_D] < d->to.d[AXIS_D]; p[AXIS_D]++)
        for (p[AXIS_H] = 0; p[AXIS_H] < d->to.d[AXIS_H]; p[AXIS_H]++)
            for (p[AXIS_W] = 0; p[AXIS_W] < d->to.d[AXIS_W]; p[AXIS_W]++, at += lanes) {
                int64_t lane = 0;
                for (; lane + TILE * VW <= lanes; lane += TILE * VW)
                    depthwise_position(TILE, d, p, weight, bias, from + lane, finish, at + lane, result);
                for (; lane < lanes; lane += 16)
                    depthwise_position(VEC_PARTS, d, p, weight, bias, from + lane, finish, at + lane, result);
            }
}

static void depthwise_walk(const struct depthwise *d, const float *weight, const float *from,
                           const struct finish *finish, float *result)
{
    int64_t from_plane = shape_positions(d->from) * d->c->lanes, plane = shape_positions(d->to) * d->c->lanes;
    for (int64_t i = 0; i < d->c->in.c; i++)
        depthwise_channel(d, weight + i * window_taps(d->c), finish->bias ? finish->bias[i] : 0,
                          from + i * from_plane, finish, i * plane, result);
}

static void depthwise_forward(const struct window *c, const float *weight, const float *x,
                              const struct finish *finish, float *y, float *scratch)
{
    struct depthwise d;
    depthwise_lay_out(c, false, scratch, &d);
    depthwise_list_taps(&d, false);
    depthwise_walk(&d, weight, x, finish, y);
}

static void depthwise_backward_data(const struct window *c, const float *weight, const float *dy,
                                    const struct finish *finish, float *dx, float *scratch)
{
    struct depthwise d;
    depthwise_lay_out(c, true, scratch, &d);
    depthwise_list_taps(&d, true);
    depthwise_walk(&d, weight, dy, finish, dx);
}

/* Adds the products of `count` positions of a row, `step` floats apart in x. */
static void depthwise_add_row(const struct depthwise *d, int64_t lanes, int64_t count, int64_t step,
                              const float *x, const float *dy, float *sums)
{
    int64_t next = d->c->lanes, left = count;
    vec sum[CHAINS][VEC_PARTS];
#define EACH(statement)                                                                                      \
    _Pragma("GCC unroll 4") for (int i = 0; i < CHAINS; i++)                                                 \
        _Pragma("GCC unroll 4") for (int p = 0; p < VEC_PARTS; p++) statement
    EACH(sum[i][p] = vec_load(sums + i * 16 + p * VW);)
    for (; left >= CHAINS; left -= CHAINS, x += CHAINS * step, dy += CHAINS * next)
        for (int64_t lane = 0; lane < lanes; lane += 16)
            EACH(sum[i][p] +=
                 vec_load(dy + i * next + lane + p * VW) * vec_load(x + i * step + lane + p * VW);)
    EACH(vec_store(sums + i * 16 + p * VW, sum[i][p]);)
#undef EACH
    for (int64_t i = 0; i < left; i++)
        for (int64_t lane = 0; lane < lanes; lane += VW) {
            float *to = sums + i * 16 + lane % 16;
            vec_store(to, vec_load(to) + vec_load(dy + i * next + lane) * vec_load(x + i * step + lane));
        }
}

/* One row of outputs and one row of taps: each tap over the positions where it sees an input. */
static void depthwise_add_taps(const struct depthwise *d, int64_t lanes, const float *x, const float *dy,
                               float *sums)
{
    const struct window *c = d->c;
    int64_t stride = c->stride[AXIS_W];
    for (int64_t k = 0; k < c->kernel[AXIS_W]; k++, sums += CHAINS * 16) {
        int64_t shift = k * c->dilation[AXIS_W] - c->pad_before[AXIS_W], room = c->in.d[AXIS_W] - shift;
        int64_t first = shift < 0 ? (-shift + stride - 1) / stride : 0,
                end = room > 0 ? (room + stride - 1) / stride : 0;
        if (end > c->out.d[AXIS_W]) end = c->out.d[AXIS_W];
        if (end > first)
            depthwise_add_row(d, lanes, end - first, stride * c->lanes,
                              x + (first * stride + shift) * c->lanes, dy + first * c->lanes, sums);
    }
}

/* The gradients [taps] of one channel and leaf, whose lanes x and dy start at. */
static void depthwise_leaf(const struct depthwise *d, const float *x, const float *dy, float *gradients)
{
    const struct window *c = d->c;
    int64_t taps = window_taps(c), row = CHAINS * 16 * c->kernel[AXIS_W];
    memset(d->sums, 0, (size_t)(taps * CHAINS * 16) * sizeof *d->sums);
    for (int64_t z = 0; z < c->out.d[AXIS_D]; z++)
        for (int64_t y = 0; y < c->out.d[AXIS_H]; y++, dy += c->out.d[AXIS_W] * c->lanes)
            for (int64_t i = 0; i < d->axis[AXIS_D].count[z]; i++)
                for (int64_t k = 0; k < d->axis[AXIS_H].count[y]; k++) {
                    struct axis_tap tz = d->axis[AXIS_D].tap[z * c->kernel[AXIS_D] + i],
                                    ty = d->axis[AXIS_H].tap[y * c->kernel[AXIS_H] + k];
                    depthwise_add_taps(d, c->lanes / c->leaves,
                                       x + (tz.source * c->in.d[AXIS_H] + ty.source) * c->in.d[AXIS_W] *
                                               c->lanes,
                                       dy, d->sums + (tz.tap * c->kernel[AXIS_H] + ty.tap) * row);
                }
    for (int64_t t = 0; t < taps; t++) {
        float *sum = d->sums + t * CHAINS * 16;
        for (int64_t j = 0; j < 16; j += VW)
            vec_store(sum + j, (vec_load(sum + j) + vec_load(sum + 16 + j)) +
                                   (vec_load(sum + 32 + j) + vec_load(sum + 48 + j)));
        gradients[t] = vec_sum16(sum);
    }
}

static void depthwise_backward_weight(const struct window *c, const float *x, const float *dy, float *dweight,
                                      float *scratch)
{
    struct depthwise d;
    depthwise_lay_out(c, false, scratch, &d);
    depthwise_list_taps(&d, false);
    int64_t taps = window_taps(c), lanes = c->lanes / c->leaves;
    for (int64_t i = 0; i < c->in.c; i++) {
        const float *in = x + i * shape_positions(c->in) * c->lanes,
                    *out = dy + i * shape_positions(c->out) * c->lanes;
        for (int64_t leaf = 0; leaf < c->leaves; leaf++) {
            depthwise_leaf(&d, in + leaf * lanes, out + leaf * lanes,
                           d.slots + weight_tree_slot(leaf) * d.slot);
            weight_tree_add(d.slots, d.slot, d.slot, leaf);
        }
        memcpy(dweight + i * taps, d.slots, (size_t)taps * sizeof *dweight);
    }
}

static bool depthwise_fits(const struct window *c, enum conv_product product)
{
    (void)product;
    return c->groups > 1 && c->in.c == c->groups && c->out.c == c->groups;
}

const struct conv_way LEVEL(conv_way_depthwise) = {
    .fits = depthwise_fits,
    .takes_groups = true,
    .scratch_floats = depthwise_scratch_floats,
    .forward = depthwise_forward,
    .backward_data = depthwise_backward_data,
    .backward_weight = depthwise_backward_weight,
};
