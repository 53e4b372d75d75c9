/* trainer.h - one training run over all ranks. */
#ifndef DDP_TRAINER_H
#define DDP_TRAINER_H

#include "ddp/comm.h"
#include "ddp/config.h"
#include "ddp/infer.h"
#include "ddp/observer.h"

struct trainer;

/* Facts for the start-up report. */
struct trainer_info {
    const struct model *model;
    int64_t train_samples, val_samples;
    struct shape shape;
    const char *feature_type;         /* "uint8" or "float32" */
    enum target_kind kind;            /* of the labels */
    char label_text[INFER_TEXT_SIZE]; /* their type and shape, as stored */
    bool has_weights, val_has_weights;
    int64_t classes;                /* outputs: classes, labels or targets */
    const char *const *class_names; /* [classes] or NULL */
    int64_t virtual_ranks;          /* V after adjustment to P */
    int64_t leaves;                 /* passes of a step: of each virtual rank as many as it accumulates */
    int64_t slice;                  /* samples of a pass */
    int64_t lanes;                  /* slice rounded up to a multiple of 16 */
    int64_t steps_per_epoch, total_steps;
    const char *isa, *blas; /* instruction-set level of the kernels; OpenBLAS core */
    double window_bytes;    /* shared memory per node */
};

/* Opens the data, builds the model, shares memory. Collective; comm_split_nodes was called. `config` and `config_text` (the
 * resolved configuration, for checkpoints) must outlive the trainer; *out must be destroyed also after a failure.
 * All ranks return the same status. */
enum status trainer_create(struct trainer **out, struct comm *comm, const struct config *config,
                           const char *config_text);
void trainer_destroy(struct trainer **t); /* collective */
const struct trainer_info *trainer_info(const struct trainer *t);

/* Trains all epochs, or until train.early_stop, evaluates after each, and writes checkpoints into the folder `checkpoint_dir`
 * (the last one is final.h5); every rank passes the same path. Collective. Errors: STATUS_DIVERGED when too many steps in a
 * row, an evaluation's loss or a weight are not finite; then no checkpoint is written or replaced. */
enum status trainer_run(struct trainer *t, const struct observer *observer, const char *checkpoint_dir);

#endif
