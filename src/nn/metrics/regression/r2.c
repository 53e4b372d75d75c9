/* r2.c - coefficient of determination, as sklearn.metrics.r2_score. */
#include <math.h>

#include "nn/metrics/average.h"

static double r2_score(const struct scores_value *v, double samples)
{
    if (samples < 2) return NAN;
    return metric_explained(metric_mean_square(v, samples) * samples, v->target_moment);
}

static double r2_of_one(const struct scores *s, int64_t output)
{
    return r2_score(&scores_values(s)[output], (double)scores_samples(s));
}

static double r2_value(const struct scores *s, enum metric_average average)
{
    (void)average;
    return metric_over_targets(s, r2_score);
}

extern const struct metric_ops metric_r2;
const struct metric_ops metric_r2 = {
    .name = "r2",
    .help = "coefficient of determination: 1 - squared errors / squared distances of targets from "
            "their mean, mean over targets",
    .kinds = METRIC_OF(SCORES_VALUES),
    .value = r2_value,
    .of_one = r2_of_one,
};
