/* upsample.c - mixtures of up to eight neighbouring inputs, and their adjoint. */
#include "math/upsample.h"
#include "math/vec/vec.h"

#define CORNERS 8

/* Mixtures of all outputs along each axis. */
struct upsample_axes {
    const struct upsample_mix *of[SHAPE_AXES];
};

static struct upsample_axes upsample_find_mixes(const struct upsample *u, struct upsample_mix *scratch)
{
    struct upsample_axes axes;
    for (int axis = 0; axis < SHAPE_AXES; axis++) {
        axes.of[axis] = scratch;
        for (int64_t to = 0; to < u->out.d[axis]; to++) *scratch++ = upsample_mix_of(u, axis, to);
    }
    return axes;
}

/* The inputs that an output mixes, in floats from the start of a channel, and their shares. */
struct upsample_corners {
    int count;
    int64_t at[CORNERS];
    float share[CORNERS];
};

/* Replaces every corner by those of the next axis, in order. */
VEC_INLINE void upsample_split(struct upsample_corners *c, struct upsample_mix m, int64_t step)
{
    int count = c->count;
    for (int i = 0; i < count; i++) {
        int64_t at = c->at[i];
        c->at[i] = at + m.first * step;
        if (m.weight == 0) continue;
        c->at[c->count] = at + m.second * step;
        c->share[c->count++] = c->share[i] * m.weight;
        c->share[i] *= 1.0f - m.weight;
    }
}

VEC_INLINE void upsample_mix_lanes(const int count, const struct upsample_corners *c, int64_t lanes,
                                   const float *x, float *y)
{
    for (int64_t n = 0; n < lanes; n += VW) {
        vec sum = vec_load(x + c->at[0] + n) * c->share[0];
        for (int i = 1; i < count; i++) sum += vec_load(x + c->at[i] + n) * c->share[i];
        vec_store(y + n, sum);
    }
}

VEC_INLINE void upsample_output(const struct upsample_corners *c, int64_t lanes, const float *x, float *y)
{
    if (c->count == 1)
        upsample_mix_lanes(1, c, lanes, x, y);
    else if (c->count == 2)
        upsample_mix_lanes(2, c, lanes, x, y);
    else if (c->count == 4)
        upsample_mix_lanes(4, c, lanes, x, y);
    else
        upsample_mix_lanes(8, c, lanes, x, y);
}

/* The corners of a row of outputs, before its own axis is looked at. */
static struct upsample_corners upsample_row(const struct upsample *u, const struct upsample_axes *axes,
                                            int64_t d, int64_t h)
{
    int64_t row = u->in.d[AXIS_W] * u->lanes;
    struct upsample_corners c = {.count = 1, .share = {1}};
    upsample_split(&c, axes->of[AXIS_D][d], u->in.d[AXIS_H] * row);
    upsample_split(&c, axes->of[AXIS_H][h], row);
    return c;
}

void LEVEL(upsample_forward)(const struct upsample *u, const float *x, float *y, void *scratch)
{
    struct upsample_axes axes = upsample_find_mixes(u, scratch);
    for (int64_t c = 0; c < u->in.c; c++, x += shape_positions(u->in) * u->lanes)
        for (int64_t d = 0; d < u->out.d[AXIS_D]; d++)
            for (int64_t h = 0; h < u->out.d[AXIS_H]; h++) {
                struct upsample_corners row = upsample_row(u, &axes, d, h);
                for (int64_t w = 0; w < u->out.d[AXIS_W]; w++, y += u->lanes) {
                    struct upsample_corners all = row;
                    upsample_split(&all, axes.of[AXIS_W][w], u->lanes);
                    upsample_output(&all, u->lanes, x, y);
                }
            }
}

/* Outputs add their gradient to the inputs that they mix, in order. */
VEC_INLINE void upsample_spread(const struct upsample_corners *c, int64_t lanes, const float *dy, float *dx)
{
    for (int i = 0; i < c->count; i++) {
        float *to = dx + c->at[i];
        for (int64_t n = 0; n < lanes; n += VW)
            vec_store(to + n, vec_load(dy + n) * c->share[i] + vec_load(to + n));
    }
}

void LEVEL(upsample_backward)(const struct upsample *u, const float *dy, float *dx, void *scratch)
{
    struct upsample_axes axes = upsample_find_mixes(u, scratch);
    memset(dx, 0, (size_t)(shape_features(u->in) * u->lanes) * sizeof *dx);
    for (int64_t c = 0; c < u->in.c; c++, dx += shape_positions(u->in) * u->lanes)
        for (int64_t d = 0; d < u->out.d[AXIS_D]; d++)
            for (int64_t h = 0; h < u->out.d[AXIS_H]; h++) {
                struct upsample_corners row = upsample_row(u, &axes, d, h);
                for (int64_t w = 0; w < u->out.d[AXIS_W]; w++, dy += u->lanes) {
                    struct upsample_corners all = row;
                    upsample_split(&all, axes.of[AXIS_W][w], u->lanes);
                    upsample_spread(&all, u->lanes, dy, dx);
                }
            }
}
