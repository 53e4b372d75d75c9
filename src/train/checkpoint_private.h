/* checkpoint_private.h - what the trainer puts into a checkpoint and takes out of it. */
#ifndef DDP_TRAIN_CHECKPOINT_PRIVATE_H
#define DDP_TRAIN_CHECKPOINT_PRIVATE_H

#include "ddp/checkpoint.h"
#include "ddp/normal.h"
#include "ddp/model.h"
#include "ddp/optim.h"

struct checkpoint_state {
    const char *config_text;
    const struct model *model;
    const float *params; /* flat vector of the model */
    const struct optim_ops *optim;
    const float *slots[OPTIM_SLOTS]; /* flat vectors */
    const struct normal *normal;
    const struct normal *targets;  /* channels 0 = none */
    enum target_kind kind;         /* of the training set's labels */
    int64_t step, epoch, position; /* steps done, epochs done, samples of the current epoch already seen */
    int64_t virtual_ranks, seed;
    uint64_t data_hash;
};

/* Writes the file, atomically. Local (rank 0). */
enum status checkpoint_save(const char *path, const struct checkpoint_state *state);

/* Reads weights into params and the normalisation into *n and *targets (created here, released by the caller). Errors:
 * STATUS_DATA when a tensor is missing, has another shape, or the weights do not have the hash the file says.
 * Local. */
enum status checkpoint_load(const char *path, const struct model *model, float *params, struct normal *n,
                            struct normal *targets);

/* What a model for these weights is built from, besides the configuration. Local. */
struct checkpoint_facts {
    int64_t virtual_ranks; /* V of the run, which may be more than the configured number; at least 1 */
    struct shape input;
    enum feature_type type; /* of the training set, as stored */
    enum target_kind kind;  /* of its labels */
};
enum status checkpoint_read_facts(const char *path, struct checkpoint_facts *facts);

/* XXH64 over all parameters in the order of their paths in the file (layer by layer, bias before weight). */
uint64_t checkpoint_weights_hash(const struct model *model, const float *params);

#endif
