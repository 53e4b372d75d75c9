/* metric_average.h - from the scores of single classes, labels or targets to one. Private to metric_*.c. */
#ifndef DDP_NN_METRIC_AVERAGE_H
#define DDP_NN_METRIC_AVERAGE_H

#include "ddp/metric.h"

/* `score` is that of one class or label; `sample` says which sum over samples has the same score of a single one. */
double metric_average(const struct scores *s, enum metric_average average,
                      double (*score)(const struct scores_label *l), enum scores_sample sample);

/* The mean over targets. */
double metric_over_targets(const struct scores *s,
                           double (*score)(const struct scores_value *v, double samples));

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

/* 0 if `whole` is 0. */
static inline double metric_quotient(double part, double whole)
{
    return whole != 0 ? part / whole : 0;
}

#endif
