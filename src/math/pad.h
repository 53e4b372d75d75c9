/* pad.h - what is put around (or cut off) a sample along each spatial axis.
 *
 * Arrays are indexed by enum shape_axis (depth, height, width). A negative amount cuts that much off. Along an
 * axis the mode says what an output outside of the input takes, as torch.nn.functional.pad does:
 *     constant   the value
 *     reflect    the input mirrored at its first and last element, which are not repeated
 *     replicate  the first or last element
 *     circular   what is left of the input after cutting, again from its other end
 * The axes are padded one after another: where any axis takes the constant, the output is the constant. */
#ifndef MATH_PAD_H
#define MATH_PAD_H

#include "math/shape.h"

enum pad_mode { PAD_CONSTANT, PAD_REFLECT, PAD_REPLICATE, PAD_CIRCULAR };

struct pad {
    struct shape in, out;
    int64_t before[SHAPE_AXES], after[SHAPE_AXES];
    enum pad_mode mode[SHAPE_AXES];
    float value;
    int64_t lanes;
};

/* The part of the input's axis that is kept: [first, end). */
static inline int64_t pad_kept_first(const struct pad *p, int axis)
{
    return p->before[axis] < 0 ? -p->before[axis] : 0;
}

static inline int64_t pad_kept_end(const struct pad *p, int axis)
{
    return p->in.d[axis] + (p->after[axis] < 0 ? p->after[axis] : 0);
}

/* Returns whether outputs along the axis can be found: something is kept, a mirror image is smaller than the
 * input and a circular one not larger than what is kept. */
static inline bool pad_fits(const struct pad *p, int axis)
{
    int64_t more = p->before[axis] > p->after[axis] ? p->before[axis] : p->after[axis];
    int64_t kept = pad_kept_end(p, axis) - pad_kept_first(p, axis);
    if (kept < 1) return false;
    if (p->mode[axis] == PAD_REFLECT) return more < p->in.d[axis];
    return p->mode[axis] != PAD_CIRCULAR || more <= kept;
}

/* Sets `out`. Returns false, and `out` is of no use, where an axis does not fit. */
static inline bool pad_place(struct pad *p)
{
    p->out = p->in;
    for (int axis = 0; axis < SHAPE_AXES; axis++) {
        if (!pad_fits(p, axis)) return false;
        p->out.d[axis] += p->before[axis] + p->after[axis];
    }
    return true;
}

/* Returns the input position that output position `to` of an axis takes, or -1 for the constant. */
static inline int64_t pad_source(const struct pad *p, int axis, int64_t to)
{
    int64_t first = pad_kept_first(p, axis), end = pad_kept_end(p, axis), at = to - p->before[axis];
    if (at >= first && at < end) return at;
    switch (p->mode[axis]) {
    case PAD_REFLECT:
        return at < first ? -at : 2 * (end - 1) - at;
    case PAD_REPLICATE:
        return at < first ? first : end - 1;
    case PAD_CIRCULAR:
        return at < first ? at + (end - first) : at - (end - first);
    case PAD_CONSTANT:
        break;
    }
    return -1;
}

#endif
