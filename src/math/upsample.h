/* upsample.h - outputs as mixtures of inputs along each spatial axis, by the rules of
 * torch.nn.functional.interpolate.
 *
 * With the scale s of an axis (inputs per output), output i looks at the input
 *     nearest                  floor(i s), in float32 as PyTorch does
 *     linear                   (i + 1/2) s - 1/2, not below 0
 *     linear, align_corners    i s, with s = (in - 1) / (out - 1): the ends of the axis meet
 * and linear modes mix the two inputs beside it. s is in / out, or 1 / scale where a scale is given. */
#ifndef MATH_UPSAMPLE_H
#define MATH_UPSAMPLE_H

#include "math/shape.h"

struct upsample {
    struct shape in, out;
    bool linear, align_corners;
    double scale[SHAPE_AXES]; /* outputs per input, 0 = out / in */
    int64_t lanes;
};

/* Of an output along one axis: input `first` counts 1 - weight and input `second` weight. */
struct upsample_mix {
    int64_t first, second;
    float weight;
};

static inline struct upsample_mix upsample_nearest(const struct upsample *u, int axis, int64_t to)
{
    int64_t in = u->in.d[axis];
    float step = u->scale[axis] > 0 ? (float)(1 / u->scale[axis]) : (float)in / (float)u->out.d[axis];
    int64_t from = (int64_t)((float)to * step);
    if (from > in - 1) from = in - 1;
    return (struct upsample_mix){from, from, 0};
}

static inline struct upsample_mix upsample_linear(const struct upsample *u, int axis, int64_t to)
{
    int64_t in = u->in.d[axis], out = u->out.d[axis];
    if (in == out) return (struct upsample_mix){to, to, 0};
    double step = u->scale[axis] > 0 ? 1 / u->scale[axis] : (double)in / (double)out;
    double at = ((double)to + 0.5) * step - 0.5;
    if (u->align_corners) at = out > 1 ? (double)to * ((double)(in - 1) / (double)(out - 1)) : 0;
    if (at < 0) at = 0;
    int64_t first = at < (double)(in - 1) ? (int64_t)at : in - 1;
    double weight = at - (double)first;
    return (struct upsample_mix){first, first < in - 1 ? first + 1 : first, weight < 1 ? (float)weight : 1};
}

static inline struct upsample_mix upsample_mix_of(const struct upsample *u, int axis, int64_t to)
{
    return u->linear ? upsample_linear(u, axis, to) : upsample_nearest(u, axis, to);
}

/* Bytes that the kernels need as scratch: the mixtures of all outputs along each axis, and for every float
 * of a row of few lanes, up to whole vectors, at most 16 bytes for an output and 60 for an input. */
static inline int64_t upsample_scratch_bytes(const struct upsample *u)
{
    int64_t outputs = u->out.d[AXIS_D] + u->out.d[AXIS_H] + u->out.d[AXIS_W];
    int64_t lanes = u->lanes < 8 ? u->lanes : 8;
    return outputs * (int64_t)sizeof(struct upsample_mix) + (u->out.d[AXIS_W] * lanes + 16) * 16 +
           (u->in.d[AXIS_W] * lanes + 16) * 60;
}

#endif
