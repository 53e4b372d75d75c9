/* trainer.h - one training run over all ranks. */
#ifndef TRAIN_TRAINER_TRAINER_H
#define TRAIN_TRAINER_TRAINER_H

#include <stdio.h>

#include "comm/comm.h"
#include "train/config.h"
#include "io/h5/h5.h"
#include "data/source/infer.h"
#include "train/observer.h"

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
    double copy_bytes;      /* the same for checkpoints, on the first node, while the run trains */
};

/* Opens the data, builds the model, shares memory. Collective; comm_split_nodes was called. `config` and `config_text` (the
 * resolved configuration, for checkpoints) must outlive the trainer; *out must be destroyed also after a failure.
 * All ranks return the same status. */
enum status trainer_create(struct trainer **out, struct comm *comm, const struct config *config,
                           const char *config_text);
void trainer_destroy(struct trainer **t); /* collective */
const struct trainer_info *trainer_info(const struct trainer *t);

/* How far a run is. */
struct trainer_point {
    int64_t epoch;    /* finished ones */
    int64_t position; /* samples of the next one that were seen */
    int64_t step;
    int64_t metrics_bytes; /* what observer.mark had said */
    int64_t virtual_ranks; /* V of the run, which may be more than it was configured with */
    bool stopped;          /* by train.early_stop, after so many epochs without a better metric: */
    int64_t stale_epochs;
    bool finished; /* there is nothing left to do */
};

/* Whether a run at that point has nothing left to do with this configuration, which may want more epochs. */
bool trainer_is_finished(const struct trainer_point *p, const struct config *config);

/* Reads all of a checkpoint (checkpoint_open), to which this configuration belongs: every attribute, every tensor, against the
 * model the configuration describes. Local. Errors: STATUS_DATA, what is wrong with it. */
enum status trainer_peek(struct h5 *f, const struct config *config, struct trainer_point *point);

/* What differs from the run that was saved, on the user's word, and so is not taken over from it (bits). */
enum trainer_change {
    TRAINER_OVERRIDE = 1,  /* anything but the shapes of the weights: data, batch, layers without weights */
    TRAINER_NEW_OPTIM = 2, /* slots begin at zero */
    TRAINER_NEW_SCHEDULE = 4, /* what the schedule remembers begins anew */
    TRAINER_NEW_BEST = 8,     /* the best so far is of another metric */
    TRAINER_NEW_STOP = 16,    /* the same for train.early_stop */
};

/* Takes up the state of a checkpoint, before trainer_run, which goes on from there to the same bits as a run that never ended,
 * at any rank count. Rank 0 reads, and only its `changes` count; the file need not be seen by the others. Collective; all ranks
 * return the same status. Errors: STATUS_DATA when the file is damaged, STATUS_CONFIG when it does not go with configuration,
 * data or virtual ranks. The trainer can only be destroyed then. */
enum status trainer_resume(struct trainer *t, const char *path, unsigned changes,
                           struct trainer_point *point);

/* Takes from a checkpoint the weights whose names and shapes this model has, too; the others stay as initialised, and nothing
 * else is taken. Rank 0 reads, and lists in `list` (NULL elsewhere) what became of each tensor. Collective; all ranks return
 * the same status. Errors: STATUS_DATA; STATUS_CONFIG when no tensor fits. */
enum status trainer_init_from(struct trainer *t, const char *path, FILE *list);

/* Trains all epochs, or until train.early_stop, evaluates after each, and writes checkpoints into the folder `checkpoint_dir`
 * (the last one is final.h5); every rank passes the same path. Collective; all ranks return the same status. Errors:
 * STATUS_DIVERGED when too many steps in a row, an evaluation's loss or a weight are not finite, then no checkpoint is written
 * or replaced; STATUS_DIFFERS when ranks no longer hold the same; STATUS_DATA when a data file has changed, STATUS_REQUEUE and
 * STATUS_INTERRUPTED when it was to stop (stop.h), all three saved; STATUS_OTHER: the last checkpoint cannot be written, memory. */
enum status trainer_run(struct trainer *t, const struct observer *observer, const char *checkpoint_dir);

#endif
