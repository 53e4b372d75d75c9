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
    const struct config *config;
    struct batch *batch;
    int64_t blocks;     /* of `lanes` samples, fixed whatever P is */
    double *block_loss; /* [blocks] */
    int64_t *confusion; /* [K][K] */
};

/* Checks that the labels fit the model's K outputs; allocates. Local. */
enum status evaluation_create(struct evaluation *e, struct comm *comm, struct model *model,
                              const struct dataset *data, const struct normal *normal,
                              const struct config *config, struct batch *batch);
void evaluation_destroy(struct evaluation *e);

/* Collective. The event is filled on every rank, but its counts are those of the whole set on rank 0 only. */
void evaluation_run(struct evaluation *e, const float *params, struct eval_event *event);

#endif
