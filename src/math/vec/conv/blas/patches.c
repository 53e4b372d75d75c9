/* patches.c - copies between activations and blocks of patches. */
#include "math/vec/conv/blas/patches.h"

/* The coordinates of a position, and of a tap. */
struct place {
    int64_t at[SHAPE_AXES];
};

static struct place patches_place(int64_t index, const int64_t size[SHAPE_AXES])
{
    struct place p;
    for (int axis = SHAPE_AXES - 1; axis >= 0; axis--) {
        p.at[axis] = index % size[axis];
        index /= size[axis];
    }
    return p;
}

/* The input coordinate that a tap sees. */
VEC_INLINE int64_t patches_seen(const struct window *c, int axis, int64_t output, int64_t tap)
{
    return output * c->stride[axis] - c->pad_before[axis] + tap * c->dilation[axis];
}

VEC_INLINE int64_t patches_limit(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* The first output along the width for which the tap sees input `seen` or later. */
VEC_INLINE int64_t patches_first(const struct window *c, int64_t tap, int64_t seen)
{
    int64_t reach = seen - patches_seen(c, AXIS_W, 0, tap), stride = c->stride[AXIS_W];
    return reach > 0 ? (reach + stride - 1) / stride : 0;
}

VEC_INLINE void patches_move_lanes(const bool add, int64_t lanes, const float *from, float *to)
{
    int64_t i = 0;
    for (; i + VW <= lanes; i += VW) {
        vec value = vec_load_any(from + i);
        if (add) value += vec_load_any(to + i);
        vec_store_any(to + i, value);
    }
    for (; i < lanes; i++) to[i] = add ? from[i] + to[i] : from[i];
}

/* `count` positions, `step` floats apart in x and side by side in the panel. */
VEC_INLINE void patches_move_run(const bool scatter, int64_t count, int64_t lanes, int64_t step, float *x,
                                 float *panel)
{
    if (step == lanes) {
        patches_move_lanes(scatter, count * lanes, scatter ? panel : x, scatter ? x : panel);
        return;
    }
    for (int64_t i = 0; i < count; i++, x += step, panel += lanes)
        patches_move_lanes(scatter, lanes, scatter ? panel : x, scatter ? x : panel);
}

/* One row: run by run of positions that lie side by side along the width. */
VEC_INLINE void patches_move_row(const bool scatter, const struct window *c, const struct patches *b,
                                 struct place tap, float *plane, float *panel)
{
    const int64_t *in = c->in.d, *out = c->out.d;
    int64_t first = patches_first(c, tap.at[AXIS_W], 0), end = patches_first(c, tap.at[AXIS_W], in[AXIS_W]);
    struct place o = patches_place(b->position, out);
    for (int64_t left = b->positions, run; left > 0; left -= run, panel += run * b->lanes) {
        int64_t at = o.at[AXIS_W];
        run = out[AXIS_W] - at < left ? out[AXIS_W] - at : left;
        int64_t d = patches_seen(c, AXIS_D, o.at[AXIS_D], tap.at[AXIS_D]),
                h = patches_seen(c, AXIS_H, o.at[AXIS_H], tap.at[AXIS_H]);
        bool inside = d >= 0 && d < in[AXIS_D] && h >= 0 && h < in[AXIS_H];
        int64_t low = inside ? patches_limit(first, at, at + run) : at,
                high = inside ? patches_limit(end, low, at + run) : at;
        if (!scatter) {
            memset(panel, 0, (size_t)((low - at) * b->lanes) * sizeof *panel);
            memset(panel + (high - at) * b->lanes, 0, (size_t)((at + run - high) * b->lanes) * sizeof *panel);
        }
        if (high > low) {
            int64_t w = patches_seen(c, AXIS_W, low, tap.at[AXIS_W]);
            patches_move_run(scatter, high - low, b->lanes, c->stride[AXIS_W] * c->lanes,
                             plane + ((d * in[AXIS_H] + h) * in[AXIS_W] + w) * c->lanes + b->lane,
                             panel + (low - at) * b->lanes);
        }
        o.at[AXIS_W] = 0;
        if (++o.at[AXIS_H] < out[AXIS_H]) continue;
        o.at[AXIS_H] = 0, o.at[AXIS_D]++;
    }
}

VEC_INLINE void patches_move(const bool scatter, const struct window *c, const struct patches *b, float *x,
                             float *panel)
{
    int64_t taps = window_taps(c), plane = shape_positions(c->in) * c->lanes, columns = patches_columns(b);
    for (int64_t i = 0; i < b->rows; i++)
        patches_move_row(scatter, c, b, patches_place((b->row + i) % taps, c->kernel),
                         x + (b->row + i) / taps * plane, panel + i * columns);
}

void LEVEL(patches_gather)(const struct window *c, const struct patches *b, const float *x, float *panel)
{
    patches_move(false, c, b, (float *)(uintptr_t)x, panel); /* reads x only */
}

void LEVEL(patches_scatter)(const struct window *c, const struct patches *b, const float *panel, float *dx)
{
    patches_move(true, c, b, dx, (float *)(uintptr_t)panel); /* reads the panel only */
}

void LEVEL(patches_take)(const struct window *c, const struct patches *b, int64_t channels, const float *y,
                         float *panel)
{
    int64_t plane = shape_positions(c->out) * c->lanes;
    y += b->position * c->lanes + b->lane;
    for (int64_t i = 0; i < channels; i++, y += plane, panel += patches_columns(b))
        patches_move_run(false, b->positions, b->lanes, c->lanes, (float *)(uintptr_t)y, panel);
}

void LEVEL(patches_store)(const struct window *c, const struct patches *b, int64_t channels,
                          const float *panel, const struct finish *finish, float *y)
{
    int64_t plane = shape_positions(c->out) * c->lanes;
    bool joined = b->lanes == c->lanes;
    int64_t runs = joined ? 1 : b->positions, run = joined ? patches_columns(b) : b->lanes;
    for (int64_t i = 0; i < channels; i++) {
        vec bias = vec_all(finish->bias ? finish->bias[i] : 0);
        for (int64_t k = 0; k < runs; k++, panel += run) {
            int64_t at = i * plane + (b->position + k) * c->lanes + b->lane;
            for (int64_t j = 0; j < run; j += VW) {
                int64_t count = run - j < VW ? run - j : VW;
                vec sum = vec_load_some(panel + j, count) + bias;
                vec_store_some(y + at + j, count, finish_apply_part(finish, at + j, count, sum));
            }
        }
    }
}
