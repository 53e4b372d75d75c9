/* log_loss.c - sklearn.metrics.log_loss. */
#include "nn/metrics/metric.h"

static double log_loss_value(const struct scores *s, enum metric_average average)
{
    (void)average;
    return scores_log_loss(s) / (double)scores_samples(s);
}

extern const struct metric_ops metric_log_loss;
const struct metric_ops metric_log_loss = {
    .name = "log_loss",
    .help = "mean of -log(probability of the true class), probabilities clipped to 2.2e-16 .. 1 - "
            "2.2e-16",
    .kinds = METRIC_OF_CONFUSION,
    .probabilities = true,
    .lower_is_better = true,
    .value = log_loss_value,
};
