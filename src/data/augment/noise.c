/* noise.c - adds normal noise. */
#include "data/augment/augment.h"

enum { ARG_STD, ARG_P };

static const struct arg args[] = {
    {.name = "std",
     .kind = ARG_REAL,
     .default_value = ARG_REQUIRED,
     .max = 1e30,
     .help =
         "standard deviation, in the units that the model gets: after data.normalize, of the channel's own"},
    AUGMENT_P("probability of a sample to be changed", 1),
    ARG_END};

/* Draw 0 decides whether; the numbers begin at the next one. */
static void noise_change(const struct data_step *s, const struct augment_view *v)
{
    struct augment_lanes std = augment_draw_lanes(v, s->args.of[ARG_P], 0, 0);
    int64_t keys[AUGMENT_ROWS] = {0};
    for (int64_t i = 0; i < v->live; i++) {
        keys[i] = v->keys[i];
        std.of[i] = std.changed[i] ? (float)s->args.of[ARG_STD] : 0;
    }
    v->kernels->noise_add(&(struct noise){.seed = v->seed,
                                          .a = augment_counter(v->epoch, v->step, 1),
                                          .keys = keys,
                                          .std = std.of,
                                          .features = shape_features(v->shape),
                                          .stride = v->stride,
                                          .lanes = v->lanes},
                          v->x);
}

extern const struct augment_ops augment_noise;
const struct augment_ops augment_noise = {
    .kind = {"noise", "adds normal noise", args},
    .change = noise_change,
    .spreads = true,
};
