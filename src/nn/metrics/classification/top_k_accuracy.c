/* top_k_accuracy.c - sklearn.metrics.top_k_accuracy_score. */
#include "nn/metrics/average.h"

static double top_k_accuracy_value(const struct scores *s, enum metric_average average)
{
    (void)average;
    return metric_quotient((double)scores_top_k(s), (double)scores_samples(s));
}

extern const struct metric_ops metric_top_k_accuracy;
const struct metric_ops metric_top_k_accuracy = {
    .name = "top_k_accuracy",
    .help = "share of samples whose class is among the metrics.top_k largest outputs; of equal "
            "outputs, the first counts as larger",
    .kinds = METRIC_OF_CLASSES,
    .value = top_k_accuracy_value,
};
