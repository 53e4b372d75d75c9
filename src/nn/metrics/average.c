/* average.c - from the scores of single classes, labels or targets to one. */
#include "nn/metrics/average.h"

static double metric_score_of_all(const struct scores *s, double (*score)(const struct scores_label *l))
{
    const struct scores_label *labels = scores_labels(s);
    struct scores_label all = {0};
    for (int64_t k = 0; k < scores_outputs(s); k++) {
        all.true_positive += labels[k].true_positive;
        all.false_positive += labels[k].false_positive;
        all.false_negative += labels[k].false_negative;
        all.true_negative += labels[k].true_negative;
    }
    return score(&all);
}

/* A class that occurs neither as a label nor as a prediction is left out of averages; a label is not. */
static bool metric_counts_label(const struct scores *s, const struct scores_label *l)
{
    return scores_kind(s) == SCORES_LABELS || l->true_positive + l->false_positive + l->false_negative > 0;
}

double metric_average(const struct scores *s, enum metric_average average,
                      double (*score)(const struct scores_label *l), enum scores_sample sample)
{
    const struct scores_label *labels = scores_labels(s);
    if (scores_kind(s) == SCORES_BINARY) return score(labels);
    if (average == AVERAGE_MICRO) return metric_score_of_all(s, score);
    if (average == AVERAGE_SAMPLES)
        return metric_quotient(scores_sample_sum(s, sample), (double)scores_samples(s));
    double sum = 0, total = 0;
    for (int64_t k = 0; k < scores_outputs(s); k++) {
        const struct scores_label *l = &labels[k];
        if (!metric_counts_label(s, l)) continue;
        double weight = average == AVERAGE_WEIGHTED ? (double)(l->true_positive + l->false_negative) : 1;
        sum += weight * score(l);
        total += weight;
    }
    return metric_quotient(sum, total);
}

double metric_over_targets(const struct scores *s,
                           double (*score)(const struct scores_value *v, double samples))
{
    const struct scores_value *values = scores_values(s);
    double sum = 0, samples = (double)scores_samples(s);
    for (int64_t k = 0; k < scores_outputs(s); k++) sum += score(&values[k], samples);
    return sum / (double)scores_outputs(s);
}
