/* average_precision.c - sklearn.metrics.average_precision_score. */
#include <math.h>

#include "nn/metrics/metric.h"

/* Of two classes, class 1 is ranked. */
static double average_precision_of_one(const struct scores *s, int64_t output)
{
    if (scores_kind(s) != SCORES_TWO_CLASSES) return scores_ranking(s, output).average_precision;
    return output == 1 ? scores_ranking(s, 0).average_precision : NAN;
}

static double average_precision_value(const struct scores *s, enum metric_average average)
{
    (void)average;
    double sum = 0;
    for (int64_t k = 0; k < scores_ranked(s); k++) sum += scores_ranking(s, k).average_precision;
    return sum / (double)scores_ranked(s);
}

extern const struct metric_ops metric_average_precision;
const struct metric_ops metric_average_precision = {
    .name = "average_precision",
    .help = "sum over thresholds of precision times the increase of recall; of several labels, the "
            "mean",
    .kinds = METRIC_OF(SCORES_TWO_CLASSES) | METRIC_OF_LABELS,
    .ranks = true,
    .value = average_precision_value,
    .of_one = average_precision_of_one,
};
