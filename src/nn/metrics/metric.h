/* metric.h - metrics as functions of what an evaluation counted (scores.h), hence the same at any number
 * of ranks.
 *
 * Definitions and edge cases are those of sklearn.metrics with zero_division=0. Where scikit-learn gives
 * NaN (the ROC AUC of a label that all samples have, R^2 of one sample, ...) so does a metric, except that
 * averages over labels are taken over those that have a value. Local functions. */
#ifndef NN_METRICS_METRIC_H
#define NN_METRICS_METRIC_H

#include <stdbool.h>

#include "nn/scores/scores.h"

#define METRIC_MAX       64
#define METRIC_NAME_SIZE 32

/* How the scores of single classes or labels become one: `metric` alone is macro, or for a binary label
 * its own score. */
enum metric_average {
    AVERAGE_PLAIN,
    AVERAGE_MICRO,    /* of the counts of all together */
    AVERAGE_MACRO,    /* over all labels, or the classes that occur as a label or as a prediction */
    AVERAGE_WEIGHTED, /* the same, by the number of samples that have the label */
    AVERAGE_SAMPLES,  /* over samples, each with the counts over its own labels */
    METRIC_AVERAGES
};

struct metric_ops {
    const char *name;
    const char *help;
    unsigned kinds;     /* kinds of scores it is defined for, METRIC_OF(enum scores_kind) each */
    bool averages;      /* for several classes or labels also as NAME_micro, NAME_macro, ... */
    bool probabilities; /* needs outputs from which probabilities follow */
    bool ranks;         /* needs the scores of all samples in order (scores_can_rank) */
    bool positions;     /* only of labels that have positions */
    bool lower_is_better;
    bool in_class_report; /* a column or a line of class_report.h: need not be listed beside it */
    bool primary;      /* shown in every line about an evaluation; decides the best checkpoint by default */
    unsigned headline; /* kinds of scores whose headline it is, METRIC_OF each */
    enum metric_average headline_average;

    /* Returns the metric; NaN = not defined for these scores. */
    double (*value)(const struct scores *s, enum metric_average average);
    /* Returns it for one class, label or target; NULL = the metric has no such value. */
    double (*of_one)(const struct scores *s, int64_t output);
};

#define METRIC_OF(kind)     (1u << (kind))
#define METRIC_OF_CLASSES   (METRIC_OF(SCORES_CLASSES) | METRIC_OF(SCORES_TWO_CLASSES))
#define METRIC_OF_LABELS    (METRIC_OF(SCORES_BINARY) | METRIC_OF(SCORES_LABELS))
#define METRIC_OF_CONFUSION (METRIC_OF_CLASSES | METRIC_OF(SCORES_BINARY))

/* A metric and the average that is taken. */
struct metric {
    const struct metric_ops *ops;
    enum metric_average average;
    char name[METRIC_NAME_SIZE];
};

/* Lists the metrics that are defined for such scores, in the order of the registry; returns their number. */
int metric_list(const struct scores *s, struct metric list[METRIC_MAX]);

/* Returns whether the metric is defined for such scores. */
bool metric_is_of(const struct metric_ops *ops, const struct scores *s);

/* Finds a metric by its full name, such as f1_micro, for any kind of scores; false if there is none. */
bool metric_find(const char *name, struct metric *out);

/* Returns whether it is the metric to show of such scores if only one can be shown. */
bool metric_is_headline(const struct metric *m, enum scores_kind kind);

const struct metric_ops *const *metric_registry(void);

/* "_micro", ...; "" for AVERAGE_PLAIN. */
const char *metric_average_suffix(enum metric_average average);

#endif
