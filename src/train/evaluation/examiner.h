/* examiner.h - a checkpoint made ready to be run on a data set, as evaluation and prediction need it.
 *
 * Everything is the checkpoint's own: weights, normalisation, virtual ranks, hence the blocks of samples and their bits. */
#ifndef TRAIN_EVALUATION_EXAMINER_H
#define TRAIN_EVALUATION_EXAMINER_H

#include "data/batch.h"
#include "train/config.h"

struct examiner {
    struct dataset *data;
    struct model *model;
    struct loss loss;
    float *params;
    struct normal normal, targets; /* targets.channels 0 = they are taken as they are */
    struct batch batch;
};

/* `x` holds zeros before; examiner_destroy also after a failure. With `for_prediction` the data need no labels, and weights are
 * left alone. Both collective; all ranks return the same status. */
enum status examiner_create(struct examiner *x, struct comm *comm, const struct config *config,
                            const char *checkpoint, const char *locator, bool for_prediction);
void examiner_destroy(struct examiner *x);

#endif
