/* average.h - from the scores of single classes, labels or targets to one. Private to src/nn/metrics. */
#ifndef NN_METRICS_AVERAGE_H
#define NN_METRICS_AVERAGE_H

#include "nn/metrics/metric.h"

/* Returns part / whole, 0 if `whole` is 0 (zero_division=0). */
static inline double metric_quotient(double part, double whole)
{
    return whole != 0 ? part / whole : 0;
}

/* Returns the average of `score`, a function of the counts of one class or label; `sample` is the sum over
 * samples that has the same score of single samples. */
double metric_average(const struct scores *s, enum metric_average average,
                      double (*score)(const struct scores_label *l), enum scores_sample sample);

/* Returns the mean of `score` over targets. */
double metric_over_targets(const struct scores *s,
                           double (*score)(const struct scores_value *v, double samples));

/* Scores of one class or label. */
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

static inline double metric_label_jaccard(const struct scores_label *l)
{
    int64_t wrong = l->false_positive + l->false_negative;
    return metric_quotient((double)l->true_positive, (double)(l->true_positive + wrong));
}

/* Returns the mean squared error of one target, without cancellation: both terms are positive. */
static inline double metric_mean_square(const struct scores_value *v, double samples)
{
    return v->error_moment / samples + v->error_mean * v->error_mean;
}

/* Returns 1 - left / total; where total is 0 (a constant target), 1 if left is 0, otherwise 0. */
static inline double metric_explained(double left, double total)
{
    if (total > 0) return 1 - left / total;
    return left > 0 ? 0 : 1;
}

#endif
