/* f1.c - harmonic mean of precision and recall, as sklearn.metrics.f1_score. */
#include "nn/metrics/average.h"

static double f1_of_one(const struct scores *s, int64_t output)
{
    return metric_label_f1(&scores_labels(s)[output]);
}

static double f1_value(const struct scores *s, enum metric_average average)
{
    return metric_average(s, average, metric_label_f1, SAMPLE_F1);
}

extern const struct metric_ops metric_f1;
const struct metric_ops metric_f1 = {
    .name = "f1",
    .help = "harmonic mean of precision and recall of a class or label: 2 TP / (2 TP + FP + FN)",
    .kinds = METRIC_OF_CLASSES | METRIC_OF_LABELS,
    .averages = true,
    .in_class_report = true,
    .headline = METRIC_OF(SCORES_LABELS),
    .headline_average = AVERAGE_MICRO,
    .value = f1_value,
    .of_one = f1_of_one,
};
