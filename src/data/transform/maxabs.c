/* maxabs.c - the largest absolute value of the training set becomes 1. */
#include <math.h>

#include "data/transform/transform.h"

enum { ARG_PER };

static const struct arg args[] = {TRANSFORM_PER, ARG_END};

static enum transform_needs maxabs_needs(const struct data_step *s, bool *features)
{
    *features = s->args.of[ARG_PER] == PER_FEATURE;
    return NEEDS_RANGE;
}

static enum status maxabs_fit(const struct data_step *s, const struct transform_facts *facts, float *a,
                              float *b)
{
    (void)s;
    for (int64_t c = 0; c < facts->runs; c++) {
        float max = fmaxf(fabsf(facts->low[c]), fabsf(facts->high[c]));
        a[c] = max > 0 ? 1 / max : 1;
        b[c] = 0;
    }
    return STATUS_OK;
}

extern const struct transform_ops transform_maxabs;
const struct transform_ops transform_maxabs = {
    .kind = {"maxabs", "divides by the largest absolute value of the training set, as sklearn's MaxAbsScaler",
             args},
    .form = FORM_AFFINE,
    .needs = maxabs_needs,
    .fit = maxabs_fit,
};
