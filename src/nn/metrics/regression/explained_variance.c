#include "nn/metrics/average.h"

static double score(const struct scores_value *v, double samples)
{
    (void)samples;
    return metric_explained(v->error_moment, v->target_moment);
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

extern const struct metric_ops metric_explained_variance;
const struct metric_ops metric_explained_variance = {
    .name = "explained_variance",
    .help = "1 - variance of errors / variance of targets, averaged over targets",
    .kinds = METRIC_OF(SCORES_VALUES),
    .value = value,
    .of_one = of_one,
};
