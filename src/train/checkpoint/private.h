/* private.h - writing and reading checkpoints, for the rest of train. */
#ifndef TRAIN_CHECKPOINT_PRIVATE_H
#define TRAIN_CHECKPOINT_PRIVATE_H

#include "train/checkpoint/checkpoint.h"
#include "io/h5/h5.h"
#include "nn/model.h"
#include "data/normalize.h"
#include "optim/optim.h"
#include "train/checkpoint/progress.h"
#include "train/config.h"

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
    const float *average;            /* of the weights, or NULL */
    const struct normal *normal;
    const struct normal *targets; /* channels 0 = none */
    enum target_kind kind;        /* of the training set's labels */
    int64_t positions;            /* of a sample's labels */
    const char *const *names;     /* of its classes, labels or targets; NULL = it has none */
    int64_t name_count;
    const struct progress *progress;
    int64_t virtual_ranks, seed;
    uint64_t data_hash, val_hash; /* val_hash 0 = no such set */
    const char *isa, *blas;       /* level of the kernels, core of OpenBLAS */
};

/* Writes the file, sealed and atomically. Local (rank 0). */
enum status checkpoint_save(const char *path, const struct checkpoint_state *state);

/* Reads weights, the averaged ones if the file has any unless `plain`, into params and what becomes of
 * features and targets into *n and *targets (created here, released by the caller, before the
 * configuration). Errors: STATUS_DATA when the file is damaged, a tensor is missing, has another shape or a
 * value that is not finite. Local. */
enum status checkpoint_load(const char *path, const struct config *config, const struct model *model,
                            bool plain, float *params, struct normal *n, struct normal *targets);

/* Does the same from an open file; messages do not name it. Local. */
enum status checkpoint_load_open(struct h5 *f, const struct config *config, const struct model *model,
                                 bool plain, float *params, struct normal *n, struct normal *targets);

/* Reads the names of classes, labels or targets; NULL if the file has none. One block, released with
 * mem_free. Local. */
enum status checkpoint_load_names(struct h5 *f, char ***names, int64_t *count);

/* Facts that, besides the configuration, define the model, and that a resumed run is compared with. */
struct checkpoint_facts {
    int64_t version;            /* of the file */
    int64_t virtual_ranks;      /* V of the run; may exceed the configured number */
    struct shape input, stored; /* of samples, as the model gets them and as in the training set's file */
    enum feature_type type;     /* of the training set, as stored */
    enum target_kind kind;      /* of its labels */
    int64_t positions;          /* of a sample's labels */
    int64_t seed;
    uint64_t model_hash, data_hash, val_hash;
    char isa[CHECKPOINT_WORD], blas[CHECKPOINT_WORD];
};

/* Read means and deviations, and all that becomes of features on their way into the model of `config`, which has to
 * outlive it. Errors: STATUS_DATA. Local. */
enum status checkpoint_load_normal(struct h5 *f, const char *group, enum feature_type type, struct normal *n);
enum status checkpoint_load_inputs(struct h5 *f, const struct config *config,
                                   const struct checkpoint_facts *facts, struct normal *n);

enum status checkpoint_read_positions(struct h5 *f, int64_t *positions);
enum status checkpoint_read_facts(const char *path, struct checkpoint_facts *facts);
enum status checkpoint_facts_of(struct h5 *f, struct checkpoint_facts *facts);

/* Where the state of a run is read to. */
struct checkpoint_target {
    const struct model *model;
    const struct optim_ops *optim;
    float *params, *slots[OPTIM_SLOTS];
    float *average; /* of the weights; NULL = not wanted */
    struct progress *progress;
    bool other_layers; /* the model may differ in layers without weights */
    bool other_slots;  /* do not read the slots */
};

/* Reads everything that a run resumes from. Errors: as checkpoint_load, and when model or optimizer are
 * others. Local. */
enum status checkpoint_load_state(const char *path, const struct checkpoint_target *target,
                                  struct checkpoint_facts *facts);

/* Verifies all of an open file whose facts are known, one tensor at a time; keeps only progress. It must hold
 * `model` and the slots of the configuration's optimizer. Errors: STATUS_DATA. Local. */
enum status checkpoint_check(struct h5 *f, const struct config *config, const struct model *model,
                             const struct checkpoint_facts *facts, struct progress *progress);

/* Returns whether the HDF5 dataset has the shape of the tensor. */
bool checkpoint_tensor_fits(const struct h5_info *info, const struct tensor *t);

/* Finds the path of a tensor in a group of the file: the model's own; or that of the layer with this number,
 * or with `by_name` of this name, whatever else it is called; or, in files without names of layers, that of its
 * kind. The model's own if there is none. Local. */
enum status checkpoint_find_tensor(struct h5 *f, const char *group, const struct layer *l,
                                   const struct tensor *t, bool by_name, char path[CHECKPOINT_PATH]);

/* Reads one tensor. Errors: STATUS_DATA if it is missing, has another shape or is not finite. Local. */
enum status checkpoint_read_tensor(struct h5 *f, const char *path, const struct tensor *t, float *values);

/* Returns in *group where the weights are: "average" if the file has averaged ones, unless `plain`, or "model".
 */
enum status checkpoint_find_weights(struct h5 *f, bool plain, const char **group);

/* "transforms/00.standard/a" or b: the numbers of a transform (transform.h); "" = what holds them. */
void checkpoint_transform_path(char path[CHECKPOINT_PATH], int index, const struct data_kind *kind,
                               const char *name);

/* Writes the name of an attribute, "input_height" or "sample_height": axis -1 is the channels, SHAPE_AXES the number of
 * axes. Returns it. */
const char *checkpoint_shape_attr(char attr[CHECKPOINT_WORD], const char *name, int axis);

/* Writes the label of a seal. */
void checkpoint_label(char label[H5_SEAL_LABEL], int64_t step);

/* "model/03.stem/weight", or with the kind of a layer without a name; all tensors in the order of their
 * paths; XXH64 of their values in that order, of all slots, one after another, and of kind, arguments and
 * shapes of every layer. Local. */
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
