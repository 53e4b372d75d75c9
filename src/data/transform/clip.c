/* clip.c - bounds of values. */
#include "data/transform/transform.h"

enum { ARG_MIN, ARG_MAX_VALUE };

static const struct arg args[] = {
    {.name = "min",
     .kind = ARG_LIST,
     .single = true,
     .attribute = true,
     .default_value = -1e30,
     .min = -1e30,
     .max = 1e30,
     .help =
         "smaller values become it; a list has one for each channel, and \"@NAME\" is an attribute of the "
         "features, such as \"@valid_min\""},
    {.name = "max",
     .kind = ARG_LIST,
     .single = true,
     .attribute = true,
     .default_value = 1e30,
     .min = -1e30,
     .max = 1e30,
     .help = "larger values become it; the same"},
    ARG_END};

static enum status clip_fit(const struct data_step *s, const struct transform_facts *facts, float *a,
                            float *b)
{
    TRY(transform_check_list(s, ARG_MIN, facts->runs));
    TRY(transform_check_list(s, ARG_MAX_VALUE, facts->runs));
    for (int64_t c = 0; c < facts->runs; c++) {
        double min = arg_values_get(args, &s->args, ARG_MIN, c);
        double max = arg_values_get(args, &s->args, ARG_MAX_VALUE, c);
        if (min >= max) return status_fail(STATUS_CONFIG, "min is not below max");
        a[c] = (float)min;
        b[c] = (float)max;
    }
    return STATUS_OK;
}

extern const struct transform_ops transform_clip;
const struct transform_ops transform_clip = {
    .kind = {"clip", "limits values, as numpy.clip", args},
    .form = FORM_CLIP,
    .fit = clip_fit,
};
