#include "nn/metrics/table.h"

/* Agreement beyond that of independent draws with the same frequencies, by N^2: exact up to the division. */
static double value(const struct scores *s, enum metric_average average)
{
    (void)average;
    struct metric_table t = metric_table(s);
    return (double)(t.hits * t.samples - t.chance) / (double)(t.samples * t.samples - t.chance);
}

extern const struct metric_ops metric_cohen_kappa;
const struct metric_ops metric_cohen_kappa = {
    .name = "cohen_kappa",
    .help = "agreement beyond chance / the most there could be",
    .kinds = METRIC_OF_CONFUSION,
    .value = value,
};
