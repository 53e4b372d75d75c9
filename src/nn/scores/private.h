/* private.h - the parts of struct scores, shared by the files that fill and read it. */
#ifndef NN_SCORES_PRIVATE_H
#define NN_SCORES_PRIVATE_H

#include <float.h>
#include <math.h>

#include "nn/scores/scores.h"

/* Mean and moment of numbers. The mean is stored relative to `base`, one of the numbers: where they are
 * far from 0 compared with their spread, a plain mean would lose digits. */
struct scores_moments {
    double base, mean, moment;
};

/* Sums of one target in a row, in the units of the stored targets. */
struct scores_target {
    double absolute, max_absolute;
    struct scores_moments error, target;
};

/* Columns of outputs that are counted at a time, unless a block has more samples at each position. */
#define SCORES_COLUMNS 256

/* The integers that all tasks have, in front of those of the task. */
enum { COUNT_SAMPLES, COUNT_CORRECT, COUNT_TOP_K, COUNT_SEEN, COUNT_TASK };

/* The doubles of a block that are merely added, in front of the targets of values. */
enum {
    ROW_LOSS,
    ROW_WEIGHT,
    ROW_LOG_LOSS,
    ROW_SAMPLES,
    ROW_QUOTIENTS,
    ROW_VALUES = ROW_QUOTIENTS + SAMPLE_QUOTIENTS
};

struct scores {
    struct scores_spec spec;
    enum scores_kind kind;
    int64_t outputs; /* K */
    float cut;       /* a label is on when its output is above */
    /* COUNT_TASK | of classes confusion [K][K], of labels true positives, false positives, false negatives
     * [3][K] */
    int64_t *counts;
    int64_t count_size;
    double *rows;   /* [blocks][row]: sums | struct scores_target [K] | totals of the loss */
    double *totals; /* [row]: the rows of all ranks */
    int64_t row;
    int64_t columns;             /* that are counted at a time, at most */
    int64_t loss_row;            /* where the totals of the loss begin in a row, which end it */
    struct scores_label *labels; /* [K] of labels and classes, by scores_finish */
    struct scores_value *values; /* [K] of values, by scores_finish */
    int64_t binary[4];           /* the confusion matrix of SCORES_BINARY, by scores_finish */

    int64_t ranked, capacity;
    uint32_t *keys;     /* [ranked][capacity]: on from the front, off from the back */
    int64_t *key_count; /* [ranked][2]: off, on */
    double *rankings;   /* [ranked][2] */

    float *shift;   /* [columns]: of each column, for a task's loops over outputs and columns */
    float *chosen;  /* [columns] */
    double *sum;    /* [columns] */
    int32_t *tally; /* [3][columns] */
};

#define SCORES_TARGET_DOUBLES ((int64_t)(sizeof(struct scores_target) / sizeof(double)))

static inline int64_t *scores_task_counts(const struct scores *s)
{
    return s->counts + COUNT_TASK;
}

/* classes.c, labels.c, values.c: add columns of a block of one task, which are its samples at one position or more; `row`
 * is the block's. */
void scores_add_classes(struct scores *s, const struct loss_batch *b, double *row);
void scores_add_labels(struct scores *s, const struct loss_batch *b, double *row);
void scores_add_values(struct scores *s, const struct loss_batch *b, double *row);

/* Adds a row of values to the totals, whose count of samples is still that of the rows before; makes
 * s->values of the sum. */
void scores_fold_values(const struct scores *s, const double *row, double *totals);
void scores_finish_values(struct scores *s);

/* rank.c: keeps a score for ranking. */
void scores_keep(struct scores *s, int64_t label, float score, bool on);

/* -log of a probability, as sklearn.metrics.log_loss takes it: probabilities are kept away from 0 and 1 by
 * the epsilon of float64, as 0 and 1 would make single samples infinitely bad, and others better than any
 * rounding. */
static inline double scores_clip_log(double minus_log)
{
    return fmin(fmax(minus_log, -log1p(-DBL_EPSILON)), -log(DBL_EPSILON));
}

#endif
