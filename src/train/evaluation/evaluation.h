/* evaluation.h - exact scores of a model on a data set: sums of integers, and of doubles in block order.
 *
 * Ranking metrics (ROC AUC, average precision) need all scores of a label in one place. Every rank keeps
 * those of its own samples (4 bytes x labels x samples / P); label k is then sorted by rank k % P, which
 * takes 8 bytes x samples on each sorting rank. Time and traffic grow with labels x samples and are shared by
 * the ranks. */
#ifndef TRAIN_EVALUATION_EVALUATION_H
#define TRAIN_EVALUATION_EVALUATION_H

#include "nn/metrics/metric.h"
#include "train/observer.h"
#include "data/batch.h"

/* What is evaluated; all borrowed. */
struct evaluation_spec {
    struct comm *comm;
    struct model *model;
    const struct dataset *data;
    const struct normal *normal;
    const struct loss *loss;
    struct batch *batch;
    int64_t label_positions; /* of the labels in the file */
    int64_t top_k;           /* of top_k_accuracy */
};

struct evaluation {
    struct comm *comm;
    struct model *model;
    const struct dataset *data;
    const struct normal *normal;
    const struct loss *loss;
    struct batch *batch;
    int64_t leaves;     /* blocks in one pass, a power of two */
    int64_t first, end; /* blocks of this rank; a block is `lanes` samples, whatever P is */
    struct scores *scores;
    uint32_t *keys, *scratch; /* [samples], NULL on a rank that sorts no label */
    bool went_wrong;          /* a loss of this rank's blocks was not finite */
    const struct layer
        *bad; /* first layer with a bad output in the first such pass; NULL = the loss itself */

    struct metric metrics[METRIC_MAX]; /* of the last event */
    const char *names[METRIC_MAX];
    double values[METRIC_MAX];
};

/* Checks that data, statistics and the model's K outputs fit; allocates. Local. Errors: STATUS_DATA,
 * STATUS_CONFIG. */
enum status evaluation_init(struct evaluation *e, const struct evaluation_spec *spec);
void evaluation_free(struct evaluation *e);

/* Fills the event on every rank; what it points to stays valid until the next call. Collective. Errors, the
 * same on all ranks: STATUS_DIVERGED when the loss is not finite; the status of stop_asked on any rank, which
 * ends the evaluation. */
enum status evaluation_run(struct evaluation *e, const float *params, struct eval_event *event);

#endif
