/* accuracy.c - share of correct samples, as sklearn.metrics.accuracy_score. */
#include "nn/metrics/metric.h"

static double accuracy_value(const struct scores *s, enum metric_average average)
{
    (void)average;
    return scores_accuracy(s);
}

extern const struct metric_ops metric_accuracy;
const struct metric_ops metric_accuracy = {
    .name = "accuracy",
    .help = "share of samples whose class, or whose every label, is predicted correctly",
    .kinds = METRIC_OF_CLASSES | METRIC_OF_LABELS,
    .in_class_report = true,
    .primary = true,
    .headline = METRIC_OF_CLASSES | METRIC_OF(SCORES_BINARY),
    .value = accuracy_value,
};
