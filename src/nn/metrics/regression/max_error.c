/* max_error.c - largest absolute error, as sklearn.metrics.max_error for several targets, too. */
#include <math.h>

#include "nn/metrics/metric.h"

static double max_error_of_one(const struct scores *s, int64_t output)
{
    return scores_values(s)[output].max_absolute;
}

/* scikit-learn takes one target only; the maximum over targets is the one value that no error exceeds. */
static double max_error_value(const struct scores *s, enum metric_average average)
{
    (void)average;
    double max = 0;
    for (int64_t k = 0; k < scores_outputs(s); k++) max = fmax(max, scores_values(s)[k].max_absolute);
    return max;
}

extern const struct metric_ops metric_max_error;
const struct metric_ops metric_max_error = {
    .name = "max_error",
    .help = "largest absolute error of all targets",
    .kinds = METRIC_OF(SCORES_VALUES),
    .lower_is_better = true,
    .value = max_error_value,
    .of_one = max_error_of_one,
};
