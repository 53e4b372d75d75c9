/* dice.c - Dice coefficient of every class or label, which is its F1 score, of labels with positions. */
#include "nn/metrics/average.h"

static double dice_metric_of_one(const struct scores *s, int64_t output)
{
    return metric_label_f1(&scores_labels(s)[output]);
}

/* The mean over classes, or over labels. */
static double dice_metric_value(const struct scores *s, enum metric_average average)
{
    (void)average;
    return metric_average(s, AVERAGE_MACRO, metric_label_f1, SAMPLE_JACCARD);
}

extern const struct metric_ops metric_dice;
const struct metric_ops metric_dice = {
    .name = "dice",
    .help =
        "Dice coefficient of a class or label over all positions: 2 TP / (2 TP + FP + FN); the mean over classes that occur, or over labels",
    .kinds = METRIC_OF_CLASSES | METRIC_OF_LABELS,
    .positions = true,
    .in_class_report = true,
    .value = dice_metric_value,
    .of_one = dice_metric_of_one,
};
