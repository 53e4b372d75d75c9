/* build.h - what a training and an examination of its checkpoint begin with. */
#ifndef TRAIN_BUILD_H
#define TRAIN_BUILD_H

#include "comm/comm.h"
#include "train/config.h"
#include "data/dataset/dataset.h"
#include "nn/model.h"

/* Chooses the kernels, and keeps BLAS in its thread. Collective. */
enum status build_start_math(struct comm *comm, const struct config *config);

/* The model that the configuration says, for inputs of this shape unless it says another. Local. */
enum status build_model(struct model **model, const struct config *config, struct shape input,
                        const struct model_options *options);

/* STATUS_DATA if samples have another number of features. Local. */
enum status build_check_shape(struct shape want, const struct dataset *d);

#endif
