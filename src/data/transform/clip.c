/* clip.c - bounds of values. */
#include "data/transform/transform.h"

enum { ARG_MIN, ARG_MAX_VALUE };

static const struct arg args[] = {{.name = "min",
                                   .kind = ARG_REAL,
                                   .default_value = -1e30,
                                   .min = -1e30,
                                   .max = 1e30,
                                   .help = "smaller values become it"},
                                  {.name = "max",
                                   .kind = ARG_REAL,
                                   .default_value = 1e30,
                                   .min = -1e30,
                                   .max = 1e30,
                                   .help = "larger values become it"},
                                  ARG_END};

static enum status clip_fit(const struct data_step *s, const struct transform_facts *facts, float *a,
                            float *b)
{
    if (s->args.of[ARG_MIN] >= s->args.of[ARG_MAX_VALUE])
        return status_fail(STATUS_CONFIG, "min is not below max");
    for (int64_t c = 0; c < facts->runs; c++) {
        a[c] = (float)s->args.of[ARG_MIN];
        b[c] = (float)s->args.of[ARG_MAX_VALUE];
    }
    return STATUS_OK;
}

extern const struct transform_ops transform_clip;
const struct transform_ops transform_clip = {
    .kind = {"clip", "limits values, as numpy.clip", args},
    .form = FORM_CLIP,
    .fit = clip_fit,
};
