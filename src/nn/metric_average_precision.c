#include "ddp/metric.h"

static double value(const struct scores *s, enum metric_average average)
{
    (void)average;
    double sum = 0;
    for (int64_t k = 0; k < scores_ranked(s); k++) sum += scores_ranking(s, k).average_precision;
    return sum / (double)scores_ranked(s);
}

extern const struct metric_ops metric_average_precision;
const struct metric_ops metric_average_precision = {
    .name = "average_precision",
    .help =
        "precision at every score that occurs, weighted by the recall it adds; of several labels, the mean",
    .kinds = METRIC_OF(SCORES_TWO_CLASSES) | METRIC_OF_LABELS,
    .value = value,
};
