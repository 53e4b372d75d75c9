/* shape.c - what becomes of the shape of samples, and how samples get it. */
#include <string.h>

#include "core/mem.h"
#include "data/cut.h"
#include "data/transform/transform.h"

static const struct transform_ops *transform_ops_of(const struct data_step *s)
{
    return (const struct transform_ops *)s->kind; /* its first member */
}

static enum status transform_find_shape(const struct data_step *s, int index, struct shape in,
                                        struct shape *out)
{
    *out = in;
    if (!transform_ops_of(s)->reshape) return STATUS_OK;
    enum status status = transform_ops_of(s)->reshape(s, in, out);
    return status == STATUS_OK ? status : status_at(status, "data.transforms[%d]: %s", index, s->kind->name);
}

bool transform_changes_shape(const struct data_step *s)
{
    return transform_ops_of(s)->reshape != NULL;
}

bool transforms_change_shape(const struct data_steps *steps)
{
    for (int i = 0; i < steps->count; i++)
        if (transform_changes_shape(&steps->of[i])) return true;
    return false;
}

enum status transforms_find_shape(const struct data_steps *steps, struct shape in, struct shape *out)
{
    *out = in;
    for (int i = 0; i < steps->count; i++) {
        struct shape before = *out;
        TRY(transform_find_shape(&steps->of[i], i, before, out));
    }
    return STATUS_OK;
}

bool transforms_find_cut(const struct data_steps *steps, struct shape in, int64_t first[SHAPE_AXES])
{
    for (int a = 0; a < SHAPE_AXES; a++) first[a] = 0;
    for (int i = 0; i < steps->count; i++) {
        const struct data_step *s = &steps->of[i];
        struct shape before = in;
        if (!transform_ops_of(s)->reshape || transform_ops_of(s)->reshape(s, before, &in) != STATUS_OK)
            continue;
        bool cuts = transform_ops_of(s)->cuts;
        for (int a = 0; a < SHAPE_AXES; a++) {
            if (!cuts && in.d[a] != before.d[a]) return false;
            first[a] += cut_find_middle(before.d[a], in.d[a]);
        }
    }
    return true;
}

enum status transforms_set_shape(struct transforms *t, struct shape in)
{
    for (int i = 0; i < t->count; i++) {
        struct transform *step = &t->of[i];
        step->in = in;
        TRY(transform_find_shape(step->step, i, in, &step->out));
        in = step->out;
    }
    return STATUS_OK;
}

bool transforms_reshape(const struct transforms *t)
{
    for (int i = 0; i < t->count; i++)
        if (transform_changes_shape(t->of[i].step)) return true;
    return false;
}

/* Floats of samples, at their largest, in whole cache lines. */
static int64_t transforms_find_largest(const struct transforms *t, int64_t lanes)
{
    int64_t features = 0;
    for (int i = 0; i < t->count; i++) {
        int64_t in = shape_features(t->of[i].in), out = shape_features(t->of[i].out);
        if (in > features) features = in;
        if (out > features) features = out;
    }
    return mem_round_floats(features * lanes);
}

int64_t transforms_room(const struct transforms *t, int64_t lanes)
{
    int64_t scratch = 0;
    if (!transforms_reshape(t)) return 0;
    for (int i = 0; i < t->count; i++) {
        const struct upsample u = {.out = t->of[i].out, .lanes = lanes};
        int64_t floats = upsample_scratch_bytes(&u) / (int64_t)sizeof(float) + 1;
        if (floats > scratch) scratch = floats;
    }
    return 2 * transforms_find_largest(t, lanes < TRANSFORM_LANES ? lanes : TRANSFORM_LANES) + scratch;
}

void transforms_move(const struct transforms *t, const struct kernels *k, int64_t live, int64_t lanes,
                     float *room, int64_t stride, float *x)
{
    int64_t largest = transforms_find_largest(t, lanes), features = shape_features(t->of[t->count - 1].out);
    float *from = room, *to = room + largest;
    for (int i = 0; i < t->count; i++) {
        const struct transform *step = &t->of[i];
        const struct transform_move move = {k, step->in, step->out, lanes, from, to, room + 2 * largest};
        if (!step->ops->reshape) {
            transform_apply(step, k, lanes, lanes, from);
            continue;
        }
        step->ops->move(step->step, &move);
        to = from;
        from = move.to;
    }
    for (int64_t f = 0; f < features; f++)
        for (int64_t i = 0; i < lanes; i++) x[f * stride + i] = i < live ? from[f * lanes + i] : 0;
}
