#include <math.h>

#include "nn/metrics/metric.h"

static double of_one(const struct scores *s, int64_t output)
{
    return scores_values(s)[output].greatest;
}

/* An average would be below errors that occur, and scikit-learn has none. */
static double value(const struct scores *s, enum metric_average average)
{
    (void)average;
    double greatest = 0;
    for (int64_t k = 0; k < scores_outputs(s); k++) greatest = fmax(greatest, scores_values(s)[k].greatest);
    return greatest;
}

extern const struct metric_ops metric_max_error;
const struct metric_ops metric_max_error = {
    .name = "max_error",
    .help = "greatest absolute error of all targets",
    .kinds = METRIC_OF(SCORES_VALUES),
    .lower_is_better = true,
    .value = value,
    .of_one = of_one,
};
