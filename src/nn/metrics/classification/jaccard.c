/* jaccard.c - sklearn.metrics.jaccard_score. */
#include "nn/metrics/average.h"

static double jaccard_score(const struct scores_label *l)
{
    int64_t wrong = l->false_positive + l->false_negative;
    return metric_quotient((double)l->true_positive, (double)(l->true_positive + wrong));
}

static double jaccard_of_one(const struct scores *s, int64_t output)
{
    return jaccard_score(&scores_labels(s)[output]);
}

static double jaccard_value(const struct scores *s, enum metric_average average)
{
    return metric_average(s, average, jaccard_score, SAMPLE_JACCARD);
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
