/* rmse.c - sklearn.metrics.root_mean_squared_error. */
#include <math.h>

#include "nn/metrics/average.h"

static double rmse_score(const struct scores_value *v, double samples)
{
    return sqrt(metric_mean_square(v, samples));
}

static double rmse_of_one(const struct scores *s, int64_t output)
{
    return rmse_score(&scores_values(s)[output], (double)scores_samples(s));
}

static double rmse_value(const struct scores *s, enum metric_average average)
{
    (void)average;
    return metric_over_targets(s, rmse_score);
}

extern const struct metric_ops metric_rmse;
const struct metric_ops metric_rmse = {
    .name = "rmse",
    .help = "root mean squared error, mean over targets",
    .kinds = METRIC_OF(SCORES_VALUES),
    .lower_is_better = true,
    .headline = METRIC_OF(SCORES_VALUES),
    .value = rmse_value,
    .of_one = rmse_of_one,
};
