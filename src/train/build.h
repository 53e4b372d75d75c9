/* build.h - kernels and model of a configuration, for training and for running a checkpoint. */
#ifndef TRAIN_BUILD_H
#define TRAIN_BUILD_H

#include "comm/comm.h"
#include "train/config.h"
#include "train/shapes.h"
#include "data/dataset/dataset.h"
#include "nn/model.h"

/* Selects the kernels and makes BLAS single-threaded. Collective. */
enum status build_start_math(const struct kernels **kernels, struct comm *comm, const struct config *config);

/* Returns the shape that the model takes: that of the samples unless the configuration gives one. Two numbers
 * are [C, L] if the samples are signals, else [H, W] of one channel. Local. */
struct shape build_input_shape(const struct config *config, struct shape data);

/* Builds the model of the configuration, for this input shape unless it names one. Local. */
enum status build_model(struct model **model, const struct config *config, struct shape input,
                        const struct model_options *options);

/* Finds what the model makes of samples of this shape; `config` is a struct config. Local. */
enum status build_find_outputs(const void *config, struct shape stored, struct dataset_outputs *outputs);

/* Returns the lanes of one virtual rank: the samples of its largest slice. Local. */
int64_t build_lanes(const struct config *config, int64_t virtual_ranks);

/* STATUS_DATA if the samples have another number of features than those of the training set, or than the model takes
 * of them. Local. */
enum status build_check_shape(struct shape want, const struct dataset *d);
enum status build_check_input(struct shape want, const struct sample_shapes *s, const struct dataset *d);

#endif
