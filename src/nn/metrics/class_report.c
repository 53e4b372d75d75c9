/* class_report.c - rows and averages of the class report. */
#include "nn/metrics/class_report.h"

#include "nn/metrics/average.h"

bool class_report_is_multilabel(const struct scores *s)
{
    return scores_kind(s) == SCORES_LABELS;
}

int64_t class_report_rows(const struct scores *s)
{
    return scores_kind(s) == SCORES_BINARY ? 2 : scores_outputs(s);
}

/* Off is a class, too: its true positives are the true negatives of the label. */
static struct scores_label class_report_counts(const struct scores *s, int64_t row)
{
    const struct scores_label *l = &scores_labels(s)[scores_kind(s) == SCORES_BINARY ? 0 : row];
    if (scores_kind(s) != SCORES_BINARY || row == 1) return *l;
    return (struct scores_label){.true_positive = l->true_negative,
                                 .false_positive = l->false_negative,
                                 .false_negative = l->false_positive,
                                 .true_negative = l->true_positive};
}

static struct class_report class_report_of(const struct scores_label *l)
{
    return (struct class_report){.precision = metric_label_precision(l),
                                 .recall = metric_label_recall(l),
                                 .f1 = metric_label_f1(l),
                                 .support = l->true_positive + l->false_negative};
}

bool class_report_row(const struct scores *s, int64_t row, struct class_report *out)
{
    struct scores_label l = class_report_counts(s, row);
    *out = class_report_of(&l);
    return class_report_is_multilabel(s) || l.true_positive + l.false_positive + l.false_negative > 0;
}

static struct class_report class_report_micro(const struct scores *s)
{
    struct scores_label all = {0};
    for (int64_t i = 0; i < class_report_rows(s); i++) {
        struct scores_label l = class_report_counts(s, i);
        all.true_positive += l.true_positive;
        all.false_positive += l.false_positive;
        all.false_negative += l.false_negative;
    }
    return class_report_of(&all);
}

static struct class_report class_report_over_samples(const struct scores *s)
{
    double samples = (double)scores_samples(s);
    return (struct class_report){.precision = scores_sample_sum(s, SAMPLE_PRECISION) / samples,
                                 .recall = scores_sample_sum(s, SAMPLE_RECALL) / samples,
                                 .f1 = scores_sample_sum(s, SAMPLE_F1) / samples,
                                 .support = class_report_micro(s).support};
}

struct class_report class_report_average(const struct scores *s, enum metric_average average)
{
    if (average == AVERAGE_MICRO) return class_report_micro(s);
    if (average == AVERAGE_SAMPLES) return class_report_over_samples(s);
    struct class_report sum = {0}, row;
    double total = 0;
    for (int64_t i = 0; i < class_report_rows(s); i++) {
        if (!class_report_row(s, i, &row)) continue;
        double weight = average == AVERAGE_WEIGHTED ? (double)row.support : 1;
        sum.precision += weight * row.precision;
        sum.recall += weight * row.recall;
        sum.f1 += weight * row.f1;
        sum.support += row.support;
        total += weight;
    }
    return (struct class_report){.precision = metric_quotient(sum.precision, total),
                                 .recall = metric_quotient(sum.recall, total),
                                 .f1 = metric_quotient(sum.f1, total),
                                 .support = sum.support};
}
