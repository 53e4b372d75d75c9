/* maxabs.c - the largest absolute value of the training set becomes 1. */
#include <math.h>

#include "data/transform/transform.h"

enum { ARG_PER };

static const char *const pers[] = {"channel", "feature", NULL};
static const struct arg args[] = {
    {.name = "per", .kind = ARG_CHOICE, .choices = pers, .help = "what has a number of its own"}, ARG_END};

static enum transform_needs maxabs_needs(const struct data_step *s, bool *features)
{
    *features = s->args.of[ARG_PER] == 1;
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
