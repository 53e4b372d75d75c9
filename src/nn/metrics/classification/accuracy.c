#include "nn/metrics/average.h"

static double value(const struct scores *s, enum metric_average average)
{
    (void)average;
    return metric_quotient((double)scores_correct(s), (double)scores_samples(s));
}

extern const struct metric_ops metric_accuracy;
const struct metric_ops metric_accuracy = {
    .name = "accuracy",
    .help = "samples with the right class, or with all labels right / samples",
    .kinds = METRIC_OF_CLASSES | METRIC_OF_LABELS,
    .value = value,
};
