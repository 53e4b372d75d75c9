/* iou.c - intersection over union (Jaccard index) of every class or label, of labels with positions. */
#include "nn/metrics/average.h"

static double iou_metric_of_one(const struct scores *s, int64_t output)
{
    return metric_label_jaccard(&scores_labels(s)[output]);
}

/* The mean over classes, or over labels. */
static double iou_metric_value(const struct scores *s, enum metric_average average)
{
    (void)average;
    return metric_average(s, AVERAGE_MACRO, metric_label_jaccard, SAMPLE_JACCARD);
}

extern const struct metric_ops metric_iou;
const struct metric_ops metric_iou = {
    .name = "iou",
    .help =
        "intersection over union of a class or label over all positions: TP / (TP + FP + FN); the mean over classes that occur, or over labels",
    .kinds = METRIC_OF_CLASSES | METRIC_OF_LABELS,
    .positions = true,
    .in_class_report = true,
    .value = iou_metric_value,
    .of_one = iou_metric_of_one,
};
