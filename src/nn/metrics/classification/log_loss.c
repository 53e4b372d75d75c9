#include "nn/metrics/metric.h"

static double value(const struct scores *s, enum metric_average average)
{
    (void)average;
    return scores_log_loss(s) / (double)scores_samples(s);
}

extern const struct metric_ops metric_log_loss;
const struct metric_ops metric_log_loss = {
    .name = "log_loss",
    .help = "mean of -log probability of the class, which is kept 2.2e-16 from 0 and 1",
    .kinds = METRIC_OF_CONFUSION,
    .probabilities = true,
    .lower_is_better = true,
    .value = value,
};
