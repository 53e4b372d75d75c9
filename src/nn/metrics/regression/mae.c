/* mae.c - sklearn.metrics.mean_absolute_error. */
#include "nn/metrics/average.h"

static double mae_score(const struct scores_value *v, double samples)
{
    return v->absolute / samples;
}

static double mae_of_one(const struct scores *s, int64_t output)
{
    return mae_score(&scores_values(s)[output], (double)scores_samples(s));
}

static double mae_value(const struct scores *s, enum metric_average average)
{
    (void)average;
    return metric_over_targets(s, mae_score);
}

extern const struct metric_ops metric_mae;
const struct metric_ops metric_mae = {
    .name = "mae",
    .help = "mean absolute error, mean over targets",
    .kinds = METRIC_OF(SCORES_VALUES),
    .lower_is_better = true,
    .value = mae_value,
    .of_one = mae_of_one,
};
