/* minmax.c - the range of the training set becomes a given one. */
#include "data/transform/transform.h"

enum { ARG_MIN, ARG_MAX_VALUE, ARG_PER };

static const struct arg args[] = {
    {.name = "min", .kind = ARG_REAL, .min = -1e30, .max = 1e30, .help = "what the smallest value becomes"},
    {.name = "max",
     .kind = ARG_REAL,
     .default_value = 1,
     .min = -1e30,
     .max = 1e30,
     .help = "what the largest becomes"},
    TRANSFORM_PER,
    ARG_END};

static enum transform_needs minmax_needs(const struct data_step *s, bool *features)
{
    *features = s->args.of[ARG_PER] == PER_FEATURE;
    return NEEDS_RANGE;
}

/* A constant becomes `min`. */
static enum status minmax_fit(const struct data_step *s, const struct transform_facts *facts, float *a,
                              float *b)
{
    double min = s->args.of[ARG_MIN], max = s->args.of[ARG_MAX_VALUE];
    if (min >= max) return status_fail(STATUS_CONFIG, "min is not below max");
    for (int64_t c = 0; c < facts->runs; c++) {
        double low = (double)facts->low[c], high = (double)facts->high[c];
        double factor = (max - min) / (high > low ? high - low : 1);
        a[c] = (float)factor;
        b[c] = (float)(min - low * factor);
    }
    return STATUS_OK;
}

extern const struct transform_ops transform_minmax;
const struct transform_ops transform_minmax = {
    .kind = {"minmax", "moves the range of the training set to min .. max, as sklearn's MinMaxScaler", args},
    .form = FORM_AFFINE,
    .needs = minmax_needs,
    .fit = minmax_fit,
};
