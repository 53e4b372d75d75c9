/* log1p.c - logarithms. */
#include "data/transform/transform.h"

static enum status log1p_fit(const struct data_step *s, const struct transform_facts *facts, float *a,
                             float *b)
{
    (void)s, (void)facts, (void)a, (void)b;
    return STATUS_OK;
}

extern const struct transform_ops transform_log1p;
const struct transform_ops transform_log1p = {
    .kind = {"log1p", "log(1 + x), and -log(1 - x) for negative x", NULL},
    .form = FORM_LOG1P,
    .fit = log1p_fit,
};
