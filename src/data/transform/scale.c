/* scale.c - a factor and an offset from the configuration. */
#include "data/transform/transform.h"

enum { ARG_FACTOR, ARG_OFFSET };

static const struct arg args[] = {
    {.name = "factor",
     .kind = ARG_REAL,
     .default_value = 1,
     .min = -1e30,
     .max = 1e30,
     .help = "factor of all values"},
    {.name = "offset", .kind = ARG_REAL, .min = -1e30, .max = 1e30, .help = "is added afterwards"},
    ARG_END};

static enum status scale_fit(const struct data_step *s, const struct transform_facts *facts, float *a,
                             float *b)
{
    for (int64_t c = 0; c < facts->runs; c++) {
        a[c] = (float)s->args.of[ARG_FACTOR];
        b[c] = (float)s->args.of[ARG_OFFSET];
    }
    return STATUS_OK;
}

extern const struct transform_ops transform_scale;
const struct transform_ops transform_scale = {
    .kind = {"scale", "x * factor + offset", args},
    .form = FORM_AFFINE,
    .fit = scale_fit,
};
