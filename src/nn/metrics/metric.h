/* metric.h - scores as functions of what an evaluation counted (scores.h), so that they are the same at any rank count.
 *
 * Definitions and edge cases are those of sklearn.metrics with zero_division=0. Where scikit-learn gives NaN (the ROC AUC of a
 * label that all samples have, R^2 of one sample, ...) so does a metric, except that averages over labels are taken over those
 * that have a value. Local functions. */
#ifndef NN_METRICS_METRIC_H
#define NN_METRICS_METRIC_H

#include <stdbool.h>

#include "nn/scores/scores.h"

#define METRIC_MAX       64
#define METRIC_NAME_SIZE 32

/* How the scores of single classes or labels become one: `metric` alone is macro, or for a binary label its own score. */
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
    unsigned kinds;     /* those it is defined for, METRIC_OF(enum scores_kind) each */
    bool averages;      /* for several classes or labels also as NAME_micro, NAME_macro, ... */
    bool probabilities; /* only where the outputs give some */
    bool lower_is_better;
    bool in_class_report; /* a column or a line of class_report.h: need not be listed beside it */
    bool
        primary; /* stands in every line about an evaluation; decides which checkpoint is the best by default */
    unsigned headline; /* kinds of which it says most in a single number, METRIC_OF each */
    enum metric_average headline_average;
    double (*value)(const struct scores *s,
                    enum metric_average average); /* NaN: not defined for these scores */
    double (*of_one)(const struct scores *s,
                     int64_t output); /* of one class, label or target; NULL = it is one of all together */
};

#define METRIC_OF(kind)     (1u << (kind))
#define METRIC_OF_CLASSES   (METRIC_OF(SCORES_CLASSES) | METRIC_OF(SCORES_TWO_CLASSES))
#define METRIC_OF_LABELS    (METRIC_OF(SCORES_BINARY) | METRIC_OF(SCORES_LABELS))
#define METRIC_OF_CONFUSION (METRIC_OF_CLASSES | METRIC_OF(SCORES_BINARY))

/* A metric by its full name. */
struct metric {
    const struct metric_ops *ops;
    enum metric_average average;
    char name[METRIC_NAME_SIZE];
};

/* All that are defined for such scores, in the order of the registry; returns their number. */
int metric_list(const struct scores *s, struct metric list[METRIC_MAX]);

/* The metric of that name, of any kind of scores; false if there is none. */
bool metric_find(const char *name, struct metric *out);

/* Whether it is the one metric that says most about such scores in a single number. */
bool metric_is_headline(const struct metric *m, enum scores_kind kind);

const struct metric_ops *const *metric_registry(void);

/* "_micro", ...; "" for AVERAGE_PLAIN. */
const char *metric_average_suffix(enum metric_average average);

#endif
