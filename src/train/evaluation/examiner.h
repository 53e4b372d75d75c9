/* examiner.h - a checkpoint and a data set, ready to run, for evaluation and prediction.
 *
 * Weights, normalisation and virtual ranks are those of the checkpoint, and so are the blocks of samples and
 * the bits. */
#ifndef TRAIN_EVALUATION_EXAMINER_H
#define TRAIN_EVALUATION_EXAMINER_H

#include "data/batch.h"
#include "train/config.h"

struct examiner {
    const struct kernels *kernels;
    struct dataset *data;
    struct model *model;
    struct loss loss;
    float *params;
    struct normal normal, targets; /* targets.channels 0 = targets are not normalised */
    struct augment still;          /* in use where batch.still points to it */
    int64_t label_positions;       /* of the labels in the file */
    struct batch batch;
};

/* What is examined. */
struct examiner_spec {
    const struct config *config;
    const char *checkpoint, *data; /* a path, and a locator */
    bool plain;                    /* the weights of training, although there are averaged ones */
    bool for_prediction;           /* the data need no labels, and sample weights are not read */
};

/* Both are collective; all ranks return the same status. */
enum status examiner_init(struct examiner *x, struct comm *comm, const struct examiner_spec *spec);
void examiner_free(struct examiner *x);

#endif
