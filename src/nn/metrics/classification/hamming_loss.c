/* hamming_loss.c - sklearn.metrics.hamming_loss. */
#include "nn/metrics/average.h"

static double hamming_loss_value(const struct scores *s, enum metric_average average)
{
    (void)average;
    const struct scores_label *labels = scores_labels(s);
    int64_t wrong = 0, outputs = scores_outputs(s);
    for (int64_t k = 0; k < outputs; k++) wrong += labels[k].false_positive + labels[k].false_negative;
    return metric_quotient((double)wrong, (double)scores_samples(s) * (double)outputs);
}

extern const struct metric_ops metric_hamming_loss;
const struct metric_ops metric_hamming_loss = {
    .name = "hamming_loss",
    .help = "share of labels that are predicted wrongly, over all labels of all samples",
    .kinds = METRIC_OF_LABELS,
    .lower_is_better = true,
    .value = hamming_loss_value,
};
