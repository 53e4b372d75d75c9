#include <math.h>

#include "nn/metrics/average.h"

static double score(const struct scores_value *v, double samples)
{
    return sqrt(metric_mean_square(v, samples));
}

static double of_one(const struct scores *s, int64_t output)
{
    return score(&scores_values(s)[output], (double)scores_samples(s));
}

static double value(const struct scores *s, enum metric_average average)
{
    (void)average;
    return metric_over_targets(s, score);
}

extern const struct metric_ops metric_rmse;
const struct metric_ops metric_rmse = {
    .name = "rmse",
    .help = "root of the mean squared error, averaged over targets",
    .kinds = METRIC_OF(SCORES_VALUES),
    .lower_is_better = true,
    .headline = METRIC_OF(SCORES_VALUES),
    .value = value,
    .of_one = of_one,
};
