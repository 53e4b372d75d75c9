#include "nn/metrics/average.h"

static double of_one(const struct scores *s, int64_t output)
{
    return metric_label_f1(&scores_labels(s)[output]);
}

static double value(const struct scores *s, enum metric_average average)
{
    return metric_average(s, average, metric_label_f1, SAMPLE_F1);
}

extern const struct metric_ops metric_f1;
const struct metric_ops metric_f1 = {
    .name = "f1",
    .help = "2 hits / (predictions + samples) of a class or label",
    .kinds = METRIC_OF_CLASSES | METRIC_OF_LABELS,
    .averages = true,
    .in_class_report = true,
    .headline = METRIC_OF(SCORES_LABELS),
    .headline_average = AVERAGE_MICRO,
    .value = value,
    .of_one = of_one,
};
