#include "nn/metrics/average.h"

static double of_one(const struct scores *s, int64_t output)
{
    return metric_label_precision(&scores_labels(s)[output]);
}

static double value(const struct scores *s, enum metric_average average)
{
    return metric_average(s, average, metric_label_precision, SAMPLE_PRECISION);
}

extern const struct metric_ops metric_precision;
const struct metric_ops metric_precision = {
    .name = "precision",
    .help = "hits / predictions of a class or label",
    .kinds = METRIC_OF_CLASSES | METRIC_OF_LABELS,
    .averages = true,
    .in_class_report = true,
    .value = value,
    .of_one = of_one,
};
