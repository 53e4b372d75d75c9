/* cohen_kappa.c - sklearn.metrics.cohen_kappa_score. */
#include "nn/metrics/table.h"

/* Numerator and denominator are multiplied by samples^2: integers, exact up to the division. */
static double cohen_kappa_value(const struct scores *s, enum metric_average average)
{
    (void)average;
    struct metric_table t = metric_table(s);
    return (double)(t.correct * t.samples - t.expected) / (double)(t.samples * t.samples - t.expected);
}

extern const struct metric_ops metric_cohen_kappa;
const struct metric_ops metric_cohen_kappa = {
    .name = "cohen_kappa",
    .help = "(agreement - expected agreement) / (1 - expected agreement) of labels and predictions",
    .kinds = METRIC_OF_CONFUSION,
    .value = cohen_kappa_value,
};
