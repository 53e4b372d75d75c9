/* cutout.c - sets a random box to zero. */
#include "data/augment/augment.h"

enum { ARG_SIZE, ARG_P };
enum { SLOT_P = ARG_AXES };

static const struct arg args[] = {
    DATA_ARG_AXES("size", 1 << 30,
                  "positions along each axis; its centre is anywhere, so the box may be cut by the edge"),
    AUGMENT_P("probability of a sample to be changed", 1), ARG_END};

static enum status cutout_check(const struct data_step *s, struct shape in)
{
    if (in.rank == 0) return status_fail(STATUS_CONFIG, "the samples have no axes, only features");
    for (int a = SHAPE_AXES - in.rank; a < SHAPE_AXES; a++)
        if (s->args.of[a] < 1) return status_fail(STATUS_CONFIG, "size: is 0 along an axis of the samples");
    return STATUS_OK;
}

/* One sample, whose features are `stride` apart. */
static void cutout_clear(const struct augment_view *v, struct augment_box box, float *x)
{
    const int64_t *n = v->shape.d;
    for (int64_t c = 0; c < v->shape.c; c++)
        for (int64_t d = box.first[AXIS_D]; d < box.end[AXIS_D]; d++)
            for (int64_t h = box.first[AXIS_H]; h < box.end[AXIS_H]; h++) {
                float *line = x + ((c * n[AXIS_D] + d) * n[AXIS_H] + h) * n[AXIS_W] * v->stride;
                for (int64_t w = box.first[AXIS_W]; w < box.end[AXIS_W]; w++) line[w * v->stride] = 0;
            }
}

static void cutout_change(const struct data_step *s, const struct augment_view *v)
{
    for (int64_t i = 0; i < v->live; i++) {
        if (rng_unit(augment_draw(v, i, 0).v[0]) >= (float)s->args.of[SLOT_P]) continue;
        struct augment_box box = augment_place_box(v->shape, s->args.of, augment_draw(v, i, 1));
        cutout_clear(v, box, v->x + i);
    }
}

extern const struct augment_ops augment_cutout;
const struct augment_ops augment_cutout = {
    .kind = {"cutout",
             "sets a random box of all channels to 0 (DeVries and Taylor, 2017), after data.normalize", args},
    .check = cutout_check,
    .change = cutout_change,
};
