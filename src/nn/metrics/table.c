/* table.c - sums over a confusion matrix that several metrics need. */
#include "nn/metrics/table.h"

int64_t metric_classes(const struct scores *s)
{
    int64_t classes;
    scores_confusion(s, &classes);
    return classes;
}

struct scores_label metric_class(const struct scores *s, int64_t k)
{
    const struct scores_label *labels = scores_labels(s);
    if (scores_kind(s) != SCORES_BINARY) return labels[k];
    if (k == 1) return labels[0];
    return (struct scores_label){.true_positive = labels->true_negative,
                                 .false_positive = labels->false_negative,
                                 .false_negative = labels->false_positive,
                                 .true_negative = labels->true_positive};
}

struct metric_table metric_table(const struct scores *s)
{
    struct metric_table t = {.samples = scores_samples(s), .correct = scores_correct(s)};
    for (int64_t k = 0; k < metric_classes(s); k++) {
        struct scores_label l = metric_class(s, k);
        metric_wide labelled = l.true_positive + l.false_negative,
                    predicted = l.true_positive + l.false_positive;
        t.expected += labelled * predicted;
        t.labelled_squares += labelled * labelled;
        t.predicted_squares += predicted * predicted;
    }
    return t;
}
