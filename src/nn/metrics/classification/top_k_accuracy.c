#include "nn/metrics/average.h"

static double value(const struct scores *s, enum metric_average average)
{
    (void)average;
    return metric_quotient((double)scores_top_k(s), (double)scores_samples(s));
}

extern const struct metric_ops metric_top_k_accuracy;
const struct metric_ops metric_top_k_accuracy = {
    .name = "top_k_accuracy",
    .help =
        "samples whose class is among the metrics.top_k greatest outputs, of equal ones the first / samples",
    .kinds = METRIC_OF_CLASSES,
    .value = value,
};
