/* update.h - from the summed gradient of a step to new parameters: clipping, norms of tensors, weight decay per tensor.
 *
 * What needs the whole gradient first (clipping by its norm, LARS, LAMB) is summed in double over pieces: the cells of
 * sync.h, cut where a tensor ends. They are added in order, so the sums do not depend on the rank count. */
#ifndef TRAIN_UPDATE_H
#define TRAIN_UPDATE_H

#include "train/config.h"
#include "comm/sync/sync.h"

/* A tensor's range of the vector; all of them cover it in order. */
struct update_tensor {
    int64_t first, end;
    bool spared;               /* no weight decay, and no rate of its own: see optim.h */
    double norms[OPTIM_NORMS]; /* of this step: squares' sums */
};

struct update {
    const struct config *config;
    struct sync *sync;
    struct update_tensor *tensors;
    int64_t tensor_count;
    double *pieces; /* [piece_count][OPTIM_NORMS], NULL if nothing needs them */
    int64_t piece_count;
    struct arg_values undecayed;     /* the optimizer's arguments with no weight decay */
    struct optim_step step, without; /* this step's, and for tensors that are spared */
    bool plain;           /* all tensors alike, nothing clipped: blocks go to the optimizer as they are */
    double gradient_norm; /* of the mean's gradient before clipping, if it was asked for */
};

/* `sync` holds the parameters of `model`. Local. */
enum status update_create(struct update *u, const struct config *config, const struct model *model,
                          struct sync *sync);
void update_destroy(struct update *u);

/* Updates all parameters with the mean over `divisor`; `number` counts the updates before. Follows sync_collect and
 * ends the step. Collective. Allocates nothing. */
void update_apply(struct update *u, double lr, int64_t number, double divisor);

#endif
