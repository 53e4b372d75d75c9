/* contrast.c - moves samples away from their mean, or towards it. */
#include "data/augment/augment.h"

enum { ARG_RANGE, ARG_P };

static const struct arg args[] = {AUGMENT_RANGE("factors are 1-range .. 1+range", 1),
                                  AUGMENT_P("probability of a sample to be changed", 1), ARG_END};

static void contrast_change(const struct data_step *s, const struct augment_view *v)
{
    struct augment_lanes factor = augment_draw_lanes(v, s->args.of[ARG_P], 1, s->args.of[ARG_RANGE]), add;
    for (int64_t c = 0; c < v->shape.c; c++) {
        augment_find_means(v, c, &add);
        for (int64_t i = 0; i < v->lanes; i++) add.of[i] *= 1 - factor.of[i];
        augment_multiply(v, c, 1, &factor, &add);
    }
}

extern const struct augment_ops augment_contrast;
const struct augment_ops augment_contrast = {
    .kind = {"contrast", "multiplies the distance from each channel's mean, as tf.image.random_contrast",
             args},
    .change = contrast_change,
    .spreads = true,
};
