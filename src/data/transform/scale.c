/* scale.c - a factor and an offset from the configuration, or from the file. */
#include "data/transform/transform.h"

enum { ARG_FACTOR, ARG_OFFSET };

static const struct arg args[] = {
    {.name = "factor",
     .kind = ARG_LIST,
     .single = true,
     .attribute = true,
     .default_value = 1,
     .min = -1e30,
     .max = 1e30,
     .help =
         "factor of all values, or a list, one for each channel; or \"@NAME\", an attribute of the features, "
         "such as \"@gain\""},
    {.name = "offset",
     .kind = ARG_LIST,
     .single = true,
     .attribute = true,
     .min = -1e30,
     .max = 1e30,
     .help = "is added afterwards; the same"},
    ARG_END};

static enum status scale_fit(const struct data_step *s, const struct transform_facts *facts, float *a,
                             float *b)
{
    TRY(transform_check_list(s, ARG_FACTOR, facts->runs));
    TRY(transform_check_list(s, ARG_OFFSET, facts->runs));
    for (int64_t c = 0; c < facts->runs; c++) {
        a[c] = (float)arg_values_get(args, &s->args, ARG_FACTOR, c);
        b[c] = (float)arg_values_get(args, &s->args, ARG_OFFSET, c);
    }
    return STATUS_OK;
}

extern const struct transform_ops transform_scale;
const struct transform_ops transform_scale = {
    .kind = {"scale", "x * factor + offset", args},
    .form = FORM_AFFINE,
    .fit = scale_fit,
};
