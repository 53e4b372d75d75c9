/* table.h - sums over a confusion matrix that several metrics need. Private to src/nn/metrics. */
#ifndef NN_METRICS_TABLE_H
#define NN_METRICS_TABLE_H

#include "nn/metrics/metric.h"

/* The number of classes of the confusion matrix, and the counts of one class against the rest; a binary
 * label has the classes 0 = off and 1 = on. */
int64_t metric_classes(const struct scores *s);
struct scores_label metric_class(const struct scores *s, int64_t k);

/* Products of two numbers of samples may not fit in 64 bits. */
__extension__ typedef __int128 metric_wide;

struct metric_table {
    metric_wide samples, correct;
    metric_wide expected;                            /* sum over classes of labelled * predicted */
    metric_wide labelled_squares, predicted_squares; /* of labelled^2 and predicted^2 */
};
struct metric_table metric_table(const struct scores *s);

#endif
