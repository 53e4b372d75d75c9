#include "nn/metric_average.h"

static double score(const struct scores_label *l)
{
    int64_t wrong = l->false_positive + l->false_negative;
    return metric_quotient(2 * (double)l->true_positive, (double)(2 * l->true_positive + wrong));
}

static double value(const struct scores *s, enum metric_average average)
{
    return metric_average(s, average, score, SAMPLE_F1);
}

extern const struct metric_ops metric_f1;
const struct metric_ops metric_f1 = {
    .name = "f1",
    .help = "2 hits / (predictions + samples) of a class or label",
    .kinds = METRIC_OF_CLASSES | METRIC_OF_LABELS,
    .averages = true,
    .value = value,
};
