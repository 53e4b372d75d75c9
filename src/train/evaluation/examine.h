/* examine.h - evaluates a checkpoint, without a trainer. */
#ifndef TRAIN_EVALUATION_EXAMINE_H
#define TRAIN_EVALUATION_EXAMINE_H

#include "comm/comm.h"
#include "train/config.h"
#include "train/observer.h"

struct examine_options {
    const char *checkpoint, *data; /* a path, and a locator */
    bool plain;                    /* the weights of training, although there are averaged ones */
};

/* Evaluates a checkpoint's weights on the data, in the checkpoint's own normalisation and virtual ranks.
 * `config` is what config_text in the checkpoint resolves to (checkpoint_read_config). Collective. */
enum status examine_run(struct comm *comm, const struct config *config, const struct examine_options *options,
                        const struct observer *observer);

#endif
