/* evaluation.h - exact scores of a model on a data set: sums of integers, and of doubles in block order.
 *
 * Metrics of order (ROC AUC, average precision) need all scores of a label in one place. Every rank keeps those of its own
 * samples, 4 bytes x labels x samples / P, and label k is then sorted by rank k % P, which takes 8 bytes x samples on each
 * of the ranks that sort. Time and traffic are those of labels x samples numbers, shared by the ranks. */
#ifndef TRAIN_EVALUATION_EVALUATION_H
#define TRAIN_EVALUATION_EVALUATION_H

#include "nn/metrics/metric.h"
#include "train/observer.h"
#include "data/batch.h"

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
    uint32_t *keys, *scratch; /* [samples], or NULL on a rank that ranks no label */
    bool went_wrong;          /* a loss of this rank's blocks was not finite */
    const struct layer *bad;  /* in the first such pass: the first layer, NULL = the loss itself */

    struct metric metrics[METRIC_MAX]; /* of the last event */
    const char *names[METRIC_MAX];
    double values[METRIC_MAX];
};

/* Checks that data, statistics and the model's K outputs fit; allocates. Local. Errors: STATUS_DATA, STATUS_CONFIG. */
enum status evaluation_create(struct evaluation *e, struct comm *comm, struct model *model,
                              const struct dataset *data, const struct normal *normal,
                              const struct loss *loss, struct batch *batch, int64_t top_k);
void evaluation_destroy(struct evaluation *e);

/* Fills the event on every rank; what it points at stays until the next run. Collective. Errors, on all ranks alike:
 * STATUS_DIVERGED when the loss is not finite; what stop_asked says on any rank, which ends the evaluation at once. */
enum status evaluation_run(struct evaluation *e, const float *params, struct eval_event *event);

#endif
