/* explained_variance.c - sklearn.metrics.explained_variance_score. */
#include "nn/metrics/average.h"

static double explained_variance_score(const struct scores_value *v, double samples)
{
    (void)samples;
    return metric_explained(v->error_moment, v->target_moment);
}

static double explained_variance_of_one(const struct scores *s, int64_t output)
{
    return explained_variance_score(&scores_values(s)[output], (double)scores_samples(s));
}

static double explained_variance_value(const struct scores *s, enum metric_average average)
{
    (void)average;
    return metric_over_targets(s, explained_variance_score);
}

extern const struct metric_ops metric_explained_variance;
const struct metric_ops metric_explained_variance = {
    .name = "explained_variance",
    .help = "1 - variance of errors / variance of targets, mean over targets",
    .kinds = METRIC_OF(SCORES_VALUES),
    .value = explained_variance_value,
    .of_one = explained_variance_of_one,
};
