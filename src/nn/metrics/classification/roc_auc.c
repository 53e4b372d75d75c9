/* roc_auc.c - area under the ROC curve, as sklearn.metrics.roc_auc_score. */
#include <math.h>

#include "nn/metrics/metric.h"

/* Of two classes, class 1 is ranked. */
static double roc_auc_of_one(const struct scores *s, int64_t output)
{
    if (scores_kind(s) != SCORES_TWO_CLASSES) return scores_ranking(s, output).roc_auc;
    return output == 1 ? scores_ranking(s, 0).roc_auc : NAN;
}

static double roc_auc_value(const struct scores *s, enum metric_average average)
{
    (void)average;
    double sum = 0, labels = 0;
    for (int64_t k = 0; k < scores_ranked(s); k++) {
        double area = scores_ranking(s, k).roc_auc;
        if (isnan(area)) continue;
        sum += area;
        labels++;
    }
    return labels > 0 ? sum / labels : NAN;
}

extern const struct metric_ops metric_roc_auc;
const struct metric_ops metric_roc_auc = {
    .name = "roc_auc",
    .help = "area under the ROC curve; of several labels, the mean over those that are on in some "
            "samples and off in others",
    .kinds = METRIC_OF(SCORES_TWO_CLASSES) | METRIC_OF_LABELS,
    .ranks = true,
    .value = roc_auc_value,
    .of_one = roc_auc_of_one,
};
