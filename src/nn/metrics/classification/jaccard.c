/* jaccard.c - sklearn.metrics.jaccard_score. */
#include "nn/metrics/average.h"

static double jaccard_of_one(const struct scores *s, int64_t output)
{
    return metric_label_jaccard(&scores_labels(s)[output]);
}

static double jaccard_value(const struct scores *s, enum metric_average average)
{
    return metric_average(s, average, metric_label_jaccard, SAMPLE_JACCARD);
}

extern const struct metric_ops metric_jaccard;
const struct metric_ops metric_jaccard = {
    .name = "jaccard",
    .help = "TP / (TP + FP + FN) of a label",
    .kinds = METRIC_OF_LABELS,
    .averages = true,
    .value = jaccard_value,
    .of_one = jaccard_of_one,
};
