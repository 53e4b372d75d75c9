#include "nn/metrics/average.h"

static double score(const struct scores_label *l)
{
    int64_t wrong = l->false_positive + l->false_negative;
    return metric_quotient((double)l->true_positive, (double)(l->true_positive + wrong));
}

static double of_one(const struct scores *s, int64_t output)
{
    return score(&scores_labels(s)[output]);
}

static double value(const struct scores *s, enum metric_average average)
{
    return metric_average(s, average, score, SAMPLE_JACCARD);
}

extern const struct metric_ops metric_jaccard;
const struct metric_ops metric_jaccard = {
    .name = "jaccard",
    .help = "hits / samples that have the label or are predicted to",
    .kinds = METRIC_OF_LABELS,
    .averages = true,
    .value = value,
    .of_one = of_one,
};
