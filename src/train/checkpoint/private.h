/* private.h - what the trainer puts into a checkpoint and takes out of it. */
#ifndef TRAIN_CHECKPOINT_PRIVATE_H
#define TRAIN_CHECKPOINT_PRIVATE_H

#include "train/checkpoint/checkpoint.h"
#include "io/h5/h5.h"
#include "nn/model.h"
#include "data/normalize.h"
#include "optim/optim.h"
#include "train/checkpoint/progress.h"

#define CHECKPOINT_FORMAT  "ddp_train checkpoint"
#define CHECKPOINT_VERSION 3
#define CHECKPOINT_OLDEST  2   /* that is still read */
#define CHECKPOINT_PATH    128 /* of a tensor in the file */
#define CHECKPOINT_WORD    32

struct checkpoint_state {
    const char *config_text;
    const struct model *model;
    const float *params; /* flat vector of the model */
    const struct optim_ops *optim;
    const float *slots[OPTIM_SLOTS]; /* flat vectors */
    const struct normal *normal;
    const struct normal *targets; /* channels 0 = none */
    enum target_kind kind;        /* of the training set's labels */
    const struct progress *progress;
    int64_t virtual_ranks, seed;
    uint64_t data_hash, val_hash; /* val_hash 0 = no such set */
    const char *isa, *blas;       /* level of the kernels, core of OpenBLAS */
};

/* Writes the file, sealed and atomically. Local (rank 0). */
enum status checkpoint_save(const char *path, const struct checkpoint_state *state);

/* Reads weights into params and the normalisation into *n and *targets (created here, released by the caller). Errors:
 * STATUS_DATA when the file is damaged, a tensor is missing, has another shape or a value that is not finite. Local. */
enum status checkpoint_load(const char *path, const struct model *model, float *params, struct normal *n,
                            struct normal *targets);

/* What a model for these weights is built from, besides the configuration, and what a run that goes on is compared with. */
struct checkpoint_facts {
    int64_t version;       /* of the file */
    int64_t virtual_ranks; /* V of the run, which may be more than the configured number; at least 1 */
    struct shape input;
    enum feature_type type; /* of the training set, as stored */
    enum target_kind kind;  /* of its labels */
    int64_t seed;
    uint64_t model_hash, data_hash, val_hash;
    char isa[CHECKPOINT_WORD], blas[CHECKPOINT_WORD];
};
enum status checkpoint_read_facts(const char *path, struct checkpoint_facts *facts);
enum status checkpoint_facts_of(struct h5 *f, struct checkpoint_facts *facts);

/* Where the state of a run goes. */
struct checkpoint_room {
    const struct model *model;
    const struct optim_ops *optim;
    float *params, *slots[OPTIM_SLOTS];
    struct progress *progress;
    bool other_layers; /* the model may differ in all but its weights */
    bool other_slots;  /* those in the file are of no use */
};

/* Reads all that a run goes on with. Errors: as checkpoint_load, and when model or optimizer are others. Local. */
enum status checkpoint_load_state(const char *path, const struct checkpoint_room *room,
                                  struct checkpoint_facts *facts);

/* Reads all of an open file whose facts are known without keeping anything but progress, one tensor at a time. `model` is the
 * one it must hold, and `optim` its optimizer. Errors: STATUS_DATA. Local. */
enum status checkpoint_check(struct h5 *f, const struct model *model, const struct optim_ops *optim,
                             const struct checkpoint_facts *facts, struct progress *progress);

/* Whether the data set has the tensor's shape. */
bool checkpoint_tensor_fits(const struct h5_info *info, const struct tensor *t);

/* One tensor: it has to be there, with that shape, and finite. Errors: STATUS_DATA. Local. */
enum status checkpoint_read_tensor(struct h5 *f, const char *group, const struct layer *l,
                                   const struct tensor *t, float *values);

/* The label of a seal. */
void checkpoint_label(char label[H5_SEAL_LABEL], int64_t step);

/* "model/03.conv2d/weight"; all tensors in the order of their paths; XXH64 of their values in that order, of all slots, one
 * after another, and of kind, arguments and shapes of every layer. Local. */
void checkpoint_tensor_path(char path[CHECKPOINT_PATH], const char *group, const struct layer *l,
                            const struct tensor *t);
enum status checkpoint_each_tensor(const struct model *m,
                                   enum status (*each)(void *self, const struct layer *l,
                                                       const struct tensor *t),
                                   void *self);
uint64_t checkpoint_weights_hash(const struct model *model, const float *params);
uint64_t checkpoint_slots_hash(const struct model *model, int count, const float *const slots[]);
uint64_t checkpoint_model_hash(const struct model *m, int64_t version);

#endif
