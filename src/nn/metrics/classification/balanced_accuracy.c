/* balanced_accuracy.c - sklearn.metrics.balanced_accuracy_score. */
#include "nn/metrics/average.h"
#include "nn/metrics/table.h"

static double balanced_accuracy_value(const struct scores *s, enum metric_average average)
{
    (void)average;
    double sum = 0, present = 0;
    for (int64_t k = 0; k < metric_classes(s); k++) {
        struct scores_label l = metric_class(s, k);
        int64_t labelled = l.true_positive + l.false_negative;
        if (labelled == 0) continue;
        sum += (double)l.true_positive / (double)labelled;
        present++;
    }
    return metric_quotient(sum, present);
}

extern const struct metric_ops metric_balanced_accuracy;
const struct metric_ops metric_balanced_accuracy = {
    .name = "balanced_accuracy",
    .help = "mean recall over the classes that occur in the labels",
    .kinds = METRIC_OF_CONFUSION,
    .value = balanced_accuracy_value,
};
