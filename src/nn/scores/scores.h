/* scores.h - counts and sums of an evaluation, from which metrics are computed.
 *
 * Everything is a sum of integers, or a row of doubles for each block of samples that is folded in block
 * order, so that any distribution of the blocks over ranks gives the same digits. Usage on every rank:
 * scores_create; scores_reset; scores_add for each of its blocks; then the arrays of scores_counts are
 * added over ranks, scores_fold is called rank after rank on one array of totals, and scores_finish makes
 * both ready for the functions below.
 *
 * Metrics of order (ROC AUC, average precision) need every score of a label in one place. A rank keeps
 * those of its samples, 4 bytes each, which over the ranks of a node is as much as multi-label targets
 * themselves take; the caller brings the scores of one label after another to the rank that ranks them
 * (scores_keys, scores_rank). Local functions. */
#ifndef NN_SCORES_SCORES_H
#define NN_SCORES_SCORES_H

#include "nn/losses/loss.h"

/* What is predicted; decides which metrics are defined. */
enum scores_kind {
    SCORES_CLASSES,     /* one class of K */
    SCORES_TWO_CLASSES, /* the same with K = 2: class 1 against class 0 can be ranked */
    SCORES_BINARY,      /* one label that is on or off */
    SCORES_LABELS,      /* several of them */
    SCORES_VALUES,      /* real values */
};

#define SCORES_MAX_CLASSES 8192 /* whose confusion matrix takes 512 MB */

/* More scores than this, of all labels, positions and samples together, are not kept for ranking: 256 MiB. */
#define SCORES_MAX_RANKED ((int64_t)1 << 26)

struct scores_spec {
    const struct loss *loss; /* borrowed: says what the outputs are, and which label is ignored */
    int64_t samples;         /* of all ranks */
    int64_t blocks;          /* of this rank */
    int64_t lanes;           /* samples of a block, at most */
    int64_t top_k;
    const float *target_std; /* [K], borrowed: what a difference of 1 is in original units; NULL = 1 */
};

struct scores;

/* Returns whether the scores of these samples are kept, or whether there are too many positions for that. */
bool scores_can_rank(const struct scores_spec *spec);

/* Errors: STATUS_CONFIG if there are too many classes; memory. Then *out is NULL. */
enum status scores_create(struct scores **out, const struct scores_spec *spec);
void scores_destroy(struct scores **s);
void scores_reset(struct scores *s);

/* The outputs and targets of a block, numbered within the rank, after loss->ops->compute, which gave
 * `sums`. */
void scores_add(struct scores *s, int64_t block, const struct loss_batch *b, const struct loss_sums *sums);

/* Where a loss that has totals measures those of a block; -1: those of all blocks, after scores_finish. */
double *scores_loss_totals(struct scores *s, int64_t block);

/* Returns the integers that are to be added over ranks. */
int64_t *scores_counts(struct scores *s, int64_t *count);

/* Returns the totals, zeros at the start, into which the ranks fold their blocks in rank order. */
double *scores_totals(struct scores *s, int64_t *count);
void scores_fold(const struct scores *s, double *totals);
void scores_finish(struct scores *s);

/* Ranking, after scores_finish. Labels 0 .. scores_ranked - 1 are ranked, none for most tasks. A key
 * orders as the score it stands for; those of this rank are kept apart by whether the label is on. */
int64_t scores_ranked(const struct scores *s);
const uint32_t *scores_keys(const struct scores *s, int64_t label, bool on, int64_t *count);

/* Ranks a label from the keys of all ranks, `on` first, in any order; keys and scratch hold scores_samples
 * words and are overwritten. */
void scores_rank(struct scores *s, int64_t label, uint32_t *keys, uint32_t *scratch);

/* [labels][2]: what scores_rank found, 0 for labels that were ranked elsewhere: to be added over ranks. */
double *scores_rankings(struct scores *s, int64_t *count);

/* Results, after scores_finish. */
enum scores_kind scores_kind(const struct scores *s);
int64_t scores_outputs(const struct scores *s);   /* K */
int64_t scores_samples(const struct scores *s);   /* that were scored; where labels have positions, these */
int64_t scores_positions(const struct scores *s); /* of a sample's labels */
int64_t scores_correct(const struct scores *s);   /* the class, or all labels, right */
double scores_accuracy(const struct scores *s);   /* their share; NaN of real values, 0 of no samples */
int64_t scores_top_k(const struct scores *s);     /* the class is among the top_k largest outputs */
struct loss_sums scores_loss_sums(const struct scores *s);
bool scores_have_probabilities(const struct scores *s);
double scores_log_loss(
    const struct scores *s); /* sum of -log p(class), if there are probabilities and one class a sample */

/* [classes][classes], [true][predicted]. A binary label has classes 0 = off and 1 = on; NULL for
 * SCORES_LABELS and _VALUES. */
const int64_t *scores_confusion(const struct scores *s, int64_t *classes);

/* Counts of a class against the rest, or of a label. */
struct scores_label {
    int64_t true_positive, false_positive, false_negative, true_negative;
};
const struct scores_label *scores_labels(const struct scores *s); /* [K] */

/* Sums over samples of a quotient of each sample's own labels. */
enum scores_sample { SAMPLE_PRECISION, SAMPLE_RECALL, SAMPLE_F1, SAMPLE_JACCARD, SAMPLE_QUOTIENTS };
double scores_sample_sum(const struct scores *s, enum scores_sample which);

/* Of a label that was ranked. */
struct scores_ranking {
    double roc_auc;           /* NaN if all samples have the label, or none */
    double average_precision; /* 0 if no sample has it */
};
struct scores_ranking scores_ranking(const struct scores *s, int64_t label);

/* One target of SCORES_VALUES in original units, over scores_samples. Moments are sums of squares of
 * distances from the mean. */
struct scores_value {
    double absolute, max_absolute; /* sum and maximum of |error| */
    double error_mean, error_moment, target_moment;
};
const struct scores_value *scores_values(const struct scores *s); /* [K] */

#endif
