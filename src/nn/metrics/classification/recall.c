/* recall.c - sklearn.metrics.recall_score. */
#include "nn/metrics/average.h"

static double recall_of_one(const struct scores *s, int64_t output)
{
    return metric_label_recall(&scores_labels(s)[output]);
}

static double recall_value(const struct scores *s, enum metric_average average)
{
    return metric_average(s, average, metric_label_recall, SAMPLE_RECALL);
}

extern const struct metric_ops metric_recall;
const struct metric_ops metric_recall = {
    .name = "recall",
    .help = "TP / (TP + FN) of a class or label: correct predictions / samples that have it",
    .kinds = METRIC_OF_CLASSES | METRIC_OF_LABELS,
    .averages = true,
    .in_class_report = true,
    .value = recall_value,
    .of_one = recall_of_one,
};
