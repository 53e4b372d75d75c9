/* batch.h - one virtual rank's samples on their way into the model: the only place where samples enter. */
#ifndef DDP_TRAIN_BATCH_H
#define DDP_TRAIN_BATCH_H

#include "ddp/normal.h"
#include "ddp/loss.h"
#include "ddp/model.h"

struct batch {
    int64_t lanes, live;
    int64_t *samples;   /* [lanes]: numbers in the data set; the caller fills [live] */
    const void **rows;  /* [lanes] */
    int32_t *labels;    /* [lanes] */
    double *losses;     /* [lanes] */
    int32_t *predicted; /* [lanes] */
};

enum status batch_create(struct batch *b, int64_t lanes);
void batch_destroy(struct batch *b);

/* Gathers samples[0..live-1] into the model's input [F][N], normalised; dead lanes become zeros. */
void batch_load(struct batch *b, const struct dataset *d, const struct normal *n, float *input);

/* The loss of the logits; their gradient too if `dlogits` is not NULL. */
struct loss_sums batch_loss(struct batch *b, const struct loss_ops *loss, const double *args,
                            const float *logits, int64_t classes, float *dlogits);

#endif
