/* checkpoint.h - the file a run is saved in: HDF5, PyTorch shapes, independent of the number of ranks.
 *
 *   512 bytes of text before the HDF5 data: "ddp_train checkpoint, version 3, step S", length of the file,
 *                     XXH64 of all that follows. A damaged file is refused before HDF5 reads it.
 *   /                 attributes: format "ddp_train checkpoint", version, program; step, epoch (finished
 *                     ones), position (samples of the next one already seen) and all other numbers a run
 *                     resumes with (progress.c lists them); virtual_ranks, seed, input_channels,
 *                     input_height, input_width, input_depth, input_rank (spatial axes), features (type of
 *                     the training set), labels (their kind), kernels and blas (of the machine), model_hash,
 *                     data_hash, val_hash (0 without a validation set), optim_hash, weights_hash
 *   /config           the resolved configuration, YAML text
 *   /model/NN.kind/weight, bias          float32, PyTorch's shapes; NNNN in models of more than 100 layers
 *   /average/NN.kind/weight, bias        float32, the averaged weights of train.ema and train.swa, if there are
 *                     any; then / has the attributes averaged (number of terms) and average_hash
 *   /optim/SLOT/NN.kind/weight, bias     float32, one group per optimizer slot
 *   /normalize/mean, std                 float32 [C]
 *   /normalize/missing                   float32 [C]: what stands for missing values, with data.missing: mean or zero
 *   /transforms/NN.kind/a, b             float32, the numbers of data.transforms, if there are any; or
 *   /transforms/NN.kind/shape            int64, what they make of the shape of samples. Then / has the shape of the
 *                     training set's samples, sample_channels, sample_height, ...
 *   /targets/mean, std                   float32 [K], where targets are normalised
 *   /class_names                         text, where the training set names its classes, labels or targets */
#ifndef TRAIN_CHECKPOINT_CHECKPOINT_H
#define TRAIN_CHECKPOINT_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "io/h5/h5.h"
#include "core/status.h"

#define CHECKPOINT_NAME_SIZE 32

/* Names of checkpoints, in order of preference among those of one step (the one named by its step may have
 * been saved before its epoch was evaluated). */
enum checkpoint_kind {
    CHECKPOINT_FINAL, /* "final.h5" */
    CHECKPOINT_STEP,  /* "step-000000120.h5" */
    CHECKPOINT_BEST,
    CHECKPOINT_LAST,
    CHECKPOINT_OTHER /* none of them */
};

/* Name of a kind, and kind of a name; `step` is that of a CHECKPOINT_STEP, otherwise ignored or set to -1. */
void checkpoint_name(char name[CHECKPOINT_NAME_SIZE], enum checkpoint_kind kind, int64_t step);
enum checkpoint_kind checkpoint_kind(const char *name, int64_t *step);

/* Kind of a name with a suffix, such as "last.h5.old" and "best.h5.tmp.123"; *suffix points to it ("" =
 * none). */
enum checkpoint_kind checkpoint_kind_before(const char *name, const char **suffix);

/* Opens a checkpoint of this version after verifying its seal, which reads the whole file. Errors:
 * STATUS_DATA. Local. */
enum status checkpoint_open(struct h5 **f, const char *path);

/* Read the configuration text; released with mem_free. Local. */
enum status checkpoint_config(struct h5 *f, char **text);
enum status checkpoint_read_config(const char *path, char **text);

/* Returns whether the file claims to be a checkpoint of ddp_train (it may be damaged); false if it cannot be
 * read. Local. */
int checkpoint_is(const char *path);

/* Reads the step of a file of correct length; nothing else is verified. Errors: STATUS_DATA. Local. */
enum status checkpoint_step(const char *path, int64_t *step);

/* Prints the contents and the hash of the weights, after verifying it. Local. */
enum status checkpoint_inspect(const char *path, FILE *out);

#endif
