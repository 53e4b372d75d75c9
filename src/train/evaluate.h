/* evaluate.h - exact scores of a model on a data set: sums of integers, and of losses in block order. */
#ifndef DDP_TRAIN_EVALUATE_H
#define DDP_TRAIN_EVALUATE_H

#include "ddp/observer.h"
#include "train/batch.h"

struct evaluation {
    struct comm *comm;
    struct model *model;
    const struct dataset *data;
    const struct normal *normal;
    const struct loss *loss;
    struct batch *batch;
    int64_t leaves;     /* blocks in one pass, a power of two */
    int64_t blocks;     /* of `lanes` samples, fixed whatever P is */
    double *sums;       /* [blocks][2]: loss, weight */
    int64_t *confusion; /* [K][K] */
};

/* Checks that data, statistics and the model's K outputs fit; allocates. Local. Errors: STATUS_DATA, STATUS_CONFIG. */
enum status evaluation_create(struct evaluation *e, struct comm *comm, struct model *model,
                              const struct dataset *data, const struct normal *normal,
                              const struct loss *loss, struct batch *batch);
void evaluation_destroy(struct evaluation *e);

/* Fills the event on every rank. Collective. Errors: STATUS_DIVERGED, on all ranks alike, when the loss is not finite. */
enum status evaluation_run(struct evaluation *e, const float *params, struct eval_event *event);

#endif
