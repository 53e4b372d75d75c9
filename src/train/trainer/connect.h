/* connect.h - connects the update of optim with the parameters that the ranks share (comm/sync). */
#ifndef TRAIN_TRAINER_CONNECT_H
#define TRAIN_TRAINER_CONNECT_H

#include "comm/sync/sync.h"
#include "optim/update.h"
#include "train/config.h"

/* Prepares the update that the configuration asks for. `sync` holds the parameters of `model`; update_apply
 * then follows sync_collect and is collective. All must outlive `u`. Local. Errors: STATUS_OTHER, memory;
 * then there is nothing to free. */
enum status connect_update(struct update *u, const struct kernels *kernels, const struct config *config,
                           const struct model *model, struct sync *sync);

#endif
