#include <math.h>

#include "nn/metrics/average.h"

static double score(const struct scores_value *v, double samples)
{
    if (samples < 2) return NAN;
    return metric_explained(metric_mean_square(v, samples) * samples, v->target_moment);
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

extern const struct metric_ops metric_r2;
const struct metric_ops metric_r2 = {
    .name = "r2",
    .help = "1 - squared errors / squares of targets around their mean, averaged over targets",
    .kinds = METRIC_OF(SCORES_VALUES),
    .value = value,
    .of_one = of_one,
};
