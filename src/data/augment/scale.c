/* scale.c - samples times random factors. */
#include "data/augment/augment.h"

enum { ARG_RANGE, ARG_P };

static const struct arg args[] = {AUGMENT_RANGE("factors are 1-range .. 1+range", 1),
                                  AUGMENT_P("probability of a sample to be changed", 1), ARG_END};

static void scale_change(const struct data_step *s, const struct augment_view *v)
{
    struct augment_lanes factor = augment_draw_lanes(v, s->args.of[ARG_P], 1, s->args.of[ARG_RANGE]);
    augment_multiply(v, 0, v->shape.c, &factor, NULL);
}

extern const struct augment_ops augment_scale;
const struct augment_ops augment_scale = {
    .kind = {"scale", "multiplies a sample, as the model gets it, by a random factor", args},
    .change = scale_change,
    .spreads = true,
};
