/* precision.c - sklearn.metrics.precision_score. */
#include "nn/metrics/average.h"

static double precision_of_one(const struct scores *s, int64_t output)
{
    return metric_label_precision(&scores_labels(s)[output]);
}

static double precision_value(const struct scores *s, enum metric_average average)
{
    return metric_average(s, average, metric_label_precision, SAMPLE_PRECISION);
}

extern const struct metric_ops metric_precision;
const struct metric_ops metric_precision = {
    .name = "precision",
    .help = "TP / (TP + FP) of a class or label: correct predictions / predictions of it",
    .kinds = METRIC_OF_CLASSES | METRIC_OF_LABELS,
    .averages = true,
    .in_class_report = true,
    .value = precision_value,
    .of_one = precision_of_one,
};
