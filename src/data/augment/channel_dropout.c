/* channel_dropout.c - random channels become zero. */
#include "data/augment/augment.h"

enum { ARG_P };

static const struct arg args[] = {{.name = "p",
                                   .kind = ARG_REAL,
                                   .default_value = ARG_REQUIRED,
                                   .max = 1,
                                   .help = "probability of each channel"},
                                  ARG_END};

static void channel_dropout_change(const struct data_step *s, const struct augment_view *v)
{
    struct rng_words words[AUGMENT_ROWS];
    for (int64_t c = 0; c < v->shape.c; c++) {
        struct augment_lanes keep = {{0}};
        for (int64_t i = 0; i < v->live; i++) {
            if (c % 4 == 0) words[i] = augment_draw(v, i, (uint32_t)(c / 4));
            keep.of[i] = rng_unit(words[i].v[c % 4]) < (float)s->args.of[ARG_P] ? 0.0f : 1.0f;
        }
        augment_multiply(v, c, 1, &keep, NULL);
    }
}

extern const struct augment_ops augment_channel_dropout;
const struct augment_ops augment_channel_dropout = {
    .kind = {"channel_dropout", "sets random channels to 0 (after data.normalize: to their mean)", args},
    .change = channel_dropout_change,
};
