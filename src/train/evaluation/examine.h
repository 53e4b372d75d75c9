/* examine.h - evaluates a checkpoint, without a trainer. */
#ifndef TRAIN_EVALUATION_EXAMINE_H
#define TRAIN_EVALUATION_EXAMINE_H

#include "comm/comm.h"
#include "train/config.h"
#include "train/observer.h"

/* Evaluates a checkpoint's weights on `locator`, in the checkpoint's own normalisation and virtual ranks.
 * `config` is what config_text in the checkpoint resolves to (checkpoint_read_config). Collective. */
enum status examine_run(struct comm *comm, const struct config *config, const char *checkpoint,
                        const char *locator, const struct observer *observer);

#endif
