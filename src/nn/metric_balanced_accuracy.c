#include "nn/metric_average.h"

static double value(const struct scores *s, enum metric_average average)
{
    (void)average;
    int64_t classes;
    const int64_t *confusion = scores_confusion(s, &classes);
    double sum = 0, present = 0;
    for (int64_t k = 0; k < classes; k++) {
        int64_t labelled = 0;
        for (int64_t i = 0; i < classes; i++) labelled += confusion[k * classes + i];
        if (labelled == 0) continue;
        sum += (double)confusion[k * classes + k] / (double)labelled;
        present++;
    }
    return metric_quotient(sum, present);
}

extern const struct metric_ops metric_balanced_accuracy;
const struct metric_ops metric_balanced_accuracy = {
    .name = "balanced_accuracy",
    .help = "recall averaged over the classes that samples have",
    .kinds = METRIC_OF_CONFUSION,
    .value = value,
};
