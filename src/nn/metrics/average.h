/* average.h - from the scores of single classes, labels or targets to one. Private to metric_*.c. */
#ifndef NN_METRICS_AVERAGE_H
#define NN_METRICS_AVERAGE_H

#include "nn/metrics/metric.h"

/* 0 if `whole` is 0. */
static inline double metric_quotient(double part, double whole)
{
    return whole != 0 ? part / whole : 0;
}

/* `score` is that of one class or label; `sample` says which sum over samples has the same score of a single one. */
double metric_average(const struct scores *s, enum metric_average average,
                      double (*score)(const struct scores_label *l), enum scores_sample sample);

/* The mean over targets. */
double metric_over_targets(const struct scores *s,
                           double (*score)(const struct scores_value *v, double samples));

/* Of one class or label. */
static inline double metric_label_precision(const struct scores_label *l)
{
    return metric_quotient((double)l->true_positive, (double)(l->true_positive + l->false_positive));
}

static inline double metric_label_recall(const struct scores_label *l)
{
    return metric_quotient((double)l->true_positive, (double)(l->true_positive + l->false_negative));
}

static inline double metric_label_f1(const struct scores_label *l)
{
    int64_t wrong = l->false_positive + l->false_negative;
    return metric_quotient(2 * (double)l->true_positive, (double)(2 * l->true_positive + wrong));
}

/* The mean squared error: no cancellation, both terms are positive. */
static inline double metric_mean_square(const struct scores_value *v, double samples)
{
    return v->error_moment / samples + v->error_mean * v->error_mean;
}

/* 1 - left / total; of a constant 1 if nothing is left, else 0. */
static inline double metric_explained(double left, double total)
{
    if (total > 0) return 1 - left / total;
    return left > 0 ? 0 : 1;
}

#endif
