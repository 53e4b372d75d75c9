#include "nn/metrics/average.h"

static double score(const struct scores_value *v, double samples)
{
    return v->absolute / samples;
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

extern const struct metric_ops metric_mae;
const struct metric_ops metric_mae = {
    .name = "mae",
    .help = "mean absolute error, averaged over targets",
    .kinds = METRIC_OF(SCORES_VALUES),
    .lower_is_better = true,
    .value = value,
    .of_one = of_one,
};
