/* checkpoint.h - the rank-free file a run is saved in: HDF5, PyTorch shapes, no trace of P.
 *
 *   /                 attributes: format "ddp_train checkpoint", version, step, epoch, position (samples
 *                     of the epoch already seen), virtual_ranks, seed, input_channels, input_height, input_width,
 *                     features (type of the training set), model_hash, data_hash, optim_hash,
 *                     weights_hash
 *   /config           the resolved configuration, YAML text
 *   /model/NN.kind/weight, bias          float32, PyTorch's shapes
 *   /optim/SLOT/NN.kind/weight, bias     float32, one group per optimizer slot
 *   /normalize/mean, std                 float32 [C]
 */
#ifndef DDP_CHECKPOINT_H
#define DDP_CHECKPOINT_H

#include <stdio.h>

#include "ddp/status.h"

/* The configuration text of a checkpoint; released with mem_free. Local. */
enum status checkpoint_read_config(const char *path, char **text);

/* Whether the file is one of our checkpoints (false also when it cannot be read). Local. */
int checkpoint_is(const char *path);

/* Prints what it holds and the hash over its weights, after checking that hash. Local. */
enum status checkpoint_inspect(const char *path, FILE *out);

#endif
