/* axis.h - an axis of a direct convolution: its forward pass, or one phase of its data gradient.
 *
 * Results t = 0 ... results - 1 stand at first + t * apart. Through the k-th of its taps, result t sees the
 * source at t * stride + base + k * ahead; what lies outside of 0 ... size - 1 is padding. The data gradient of a
 * window that slides by s is s interleaved convolutions of stride 1, each with some of the taps. */
#ifndef MATH_VEC_CONV_DIRECT_AXIS_H
#define MATH_VEC_CONV_DIRECT_AXIS_H

#include "math/vec/conv/conv.h"

struct axis {
    int64_t tap, step, taps; /* those of the window: tap, tap + step, ... */
    int64_t first, apart, results;
    int64_t size, stride, base, ahead;
    int64_t inside, inside_end; /* results from `inside` up to `inside_end` see no padding */
};

/* The lowest source coordinate that result 0 sees, and how far its taps reach beyond. */
static inline int64_t axis_low(const struct axis *a)
{
    return a->ahead < 0 ? a->base + (a->taps - 1) * a->ahead : a->base;
}

static inline int64_t axis_reach(const struct axis *a)
{
    return (a->taps - 1) * (a->ahead < 0 ? -a->ahead : a->ahead);
}

static inline struct axis axis_of(const struct window *c, bool data, int axis, int64_t phase)
{
    int64_t stride = c->stride[axis], kernel = c->kernel[axis], dilation = c->dilation[axis],
            pad = c->pad_before[axis], in = c->in.d[axis], out = c->out.d[axis];
    struct axis a = {.step = 1,
                     .taps = kernel,
                     .apart = 1,
                     .results = out,
                     .size = in,
                     .stride = stride,
                     .base = -pad,
                     .ahead = dilation};
    if (data) { /* source * stride = result + pad - tap * dilation */
        while (a.tap < kernel && (phase + pad - a.tap * dilation) % stride != 0) a.tap++;
        while (a.step * dilation % stride != 0) a.step++;
        a.taps = (kernel - a.tap + a.step - 1) / a.step;
        a.first = phase, a.apart = stride, a.results = (in - phase + stride - 1) / stride;
        a.size = out, a.stride = 1;
        a.base = (phase + pad - a.tap * dilation) / stride, a.ahead = -a.step * dilation / stride;
    }
    a.inside_end = a.results;
    if (a.taps == 0) return a;
    int64_t low = axis_low(&a), room = a.size - 1 - low - axis_reach(&a);
    a.inside = low < 0 ? (-low + a.stride - 1) / a.stride : 0;
    int64_t end = room < 0 ? 0 : room / a.stride + 1; /* beyond the results where the source goes on */
    if (end < a.inside_end) a.inside_end = end;
    return a;
}

/* How many taps at both ends of an axis meet only padding, AXIS_SKIP_BITS each: as many as can be counted. */
#define AXIS_SKIP_BITS 10
#define AXIS_SKIP_MAX  ((1 << AXIS_SKIP_BITS) - 1)

/* Of the results t to `last`. */
static inline uint64_t axis_skip(const struct axis *a, int64_t t, int64_t last)
{
    if (t >= a->inside && last < a->inside_end) return 0;
    int64_t from = a->ahead < 0 ? t : last, to = a->ahead < 0 ? last : t; /* see the first and the last tap */
    int64_t low = from * a->stride + a->base, high = to * a->stride + a->base;
    int64_t k = 0, end = a->taps;
    if (a->ahead > 0) {
        while (k < end && low + k * a->ahead < 0) k++;
        while (end > k && high + (end - 1) * a->ahead >= a->size) end--;
    } else {
        while (k < end && low + k * a->ahead >= a->size) k++;
        while (end > k && high + (end - 1) * a->ahead < 0) end--;
    }
    end = a->taps - end;
    if (k > AXIS_SKIP_MAX) k = AXIS_SKIP_MAX;
    if (end > AXIS_SKIP_MAX) end = AXIS_SKIP_MAX;
    return (uint64_t)(k | end << AXIS_SKIP_BITS);
}

/* Of a block of `results`: how the panel holds what they see along the axis. Either as `stride` groups of
 * neighbours with one phase, each with what the taps see beyond the block; or, where that is less or there shall
 * be no gaps, as one group for each tap. */
struct slots {
    bool copies;
    int64_t groups, length;
};

static inline struct slots axis_slots(const struct axis *a, int64_t results, bool gapless)
{
    int64_t length = results + (a->taps ? axis_reach(a) / a->stride : 0);
    if (gapless || a->taps * results < a->stride * length) return (struct slots){true, a->taps, results};
    return (struct slots){false, a->stride, length};
}

/* The source coordinate of the first slot of a group, of a block that begins with result t. */
static inline int64_t axis_group(const struct axis *a, const struct slots *s, int64_t t, int64_t group)
{
    return t * a->stride + (s->copies ? a->base + group * a->ahead : axis_low(a) + group);
}

/* The group in which the first result sees the k-th tap, and the slot there. */
static inline int64_t axis_tap_group(const struct axis *a, const struct slots *s, int64_t k)
{
    if (s->copies) return k;
    return a->stride == 1 ? 0 : (a->base + k * a->ahead - axis_low(a)) % a->stride;
}

static inline int64_t axis_tap_slot(const struct axis *a, const struct slots *s, int64_t k)
{
    return s->copies ? 0 : (a->base + k * a->ahead - axis_low(a)) / a->stride;
}

#endif
