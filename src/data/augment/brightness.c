/* brightness.c - adds a random number to samples. */
#include "data/augment/augment.h"

enum { ARG_RANGE, ARG_P };

static const struct arg args[] = {
    AUGMENT_RANGE("numbers are -range .. range, in the units that the model gets", 1e30),
    AUGMENT_P("probability of a sample to be changed", 1), ARG_END};

static void brightness_change(const struct data_step *s, const struct augment_view *v)
{
    struct augment_lanes add = augment_draw_lanes(v, s->args.of[ARG_P], 0, s->args.of[ARG_RANGE]);
    augment_multiply(v, 0, v->shape.c, NULL, &add);
}

extern const struct augment_ops augment_brightness;
const struct augment_ops augment_brightness = {
    .kind = {"brightness", "adds a random number to all of a sample, as tf.image.random_brightness", args},
    .change = brightness_change,
    .spreads = true,
};
