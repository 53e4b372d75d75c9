/* matthews.c - sklearn.metrics.matthews_corrcoef. */
#include <math.h>

#include "nn/metrics/average.h"
#include "nn/metrics/table.h"

static double matthews_value(const struct scores *s, enum metric_average average)
{
    (void)average;
    struct metric_table t = metric_table(s);
    double of_labels = (double)(t.samples * t.samples - t.labelled_squares);
    double of_predictions = (double)(t.samples * t.samples - t.predicted_squares);
    return metric_quotient((double)(t.correct * t.samples - t.expected),
                           sqrt(of_labels) * sqrt(of_predictions));
}

extern const struct metric_ops metric_matthews;
const struct metric_ops metric_matthews = {
    .name = "matthews",
    .help = "Matthews correlation coefficient of labels and predictions",
    .kinds = METRIC_OF_CONFUSION,
    .value = matthews_value,
};
