/* class_report.h - the numbers of sklearn.metrics.classification_report, with zero_division=0.
 *
 * Rows are the classes, or the labels; a single label that is on or off has two, 0 = off and 1 = on. For
 * all kinds of scores but SCORES_VALUES, after an evaluation. Local functions. */
#ifndef NN_METRICS_CLASS_REPORT_H
#define NN_METRICS_CLASS_REPORT_H

#include "nn/metrics/metric.h"

struct class_report {
    double precision, recall, f1;
    int64_t support; /* samples that have the class or label; in averages the sum over rows */
};

int64_t class_report_rows(const struct scores *s);

/* False if no sample has the class and no prediction names it: scikit-learn leaves out that row. */
bool class_report_row(const struct scores *s, int64_t row, struct class_report *out);

/* AVERAGE_MICRO, which for classes is the accuracy, _MACRO, _WEIGHTED or, of labels only, _SAMPLES. */
struct class_report class_report_average(const struct scores *s, enum metric_average average);

/* Whether samples may have several labels: then there is a micro average, and one over samples, but no
 * accuracy. */
bool class_report_is_multilabel(const struct scores *s);

#endif
