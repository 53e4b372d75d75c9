/* mse.c - sklearn.metrics.mean_squared_error. */
#include "nn/metrics/average.h"

static double mse_score(const struct scores_value *v, double samples)
{
    return metric_mean_square(v, samples);
}

static double mse_of_one(const struct scores *s, int64_t output)
{
    return mse_score(&scores_values(s)[output], (double)scores_samples(s));
}

static double mse_value(const struct scores *s, enum metric_average average)
{
    (void)average;
    return metric_over_targets(s, mse_score);
}

extern const struct metric_ops metric_mse;
const struct metric_ops metric_mse = {
    .name = "mse",
    .help = "mean squared error, mean over targets",
    .kinds = METRIC_OF(SCORES_VALUES),
    .lower_is_better = true,
    .value = mse_value,
    .of_one = mse_of_one,
};
