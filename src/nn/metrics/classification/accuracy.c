#include "nn/metrics/metric.h"

static double value(const struct scores *s, enum metric_average average)
{
    (void)average;
    return scores_accuracy(s);
}

extern const struct metric_ops metric_accuracy;
const struct metric_ops metric_accuracy = {
    .name = "accuracy",
    .help = "samples with the right class, or with all labels right / samples",
    .kinds = METRIC_OF_CLASSES | METRIC_OF_LABELS,
    .in_class_report = true,
    .primary = true,
    .headline = METRIC_OF_CLASSES | METRIC_OF(SCORES_BINARY),
    .value = value,
};
