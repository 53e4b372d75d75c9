#include "nn/metric_average.h"

static double score(const struct scores_label *l)
{
    return metric_quotient((double)l->true_positive, (double)(l->true_positive + l->false_negative));
}

static double value(const struct scores *s, enum metric_average average)
{
    return metric_average(s, average, score, SAMPLE_RECALL);
}

extern const struct metric_ops metric_recall;
const struct metric_ops metric_recall = {
    .name = "recall",
    .help = "hits / samples of a class or label",
    .kinds = METRIC_OF_CLASSES | METRIC_OF_LABELS,
    .averages = true,
    .value = value,
};
