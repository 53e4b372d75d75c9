/* trainer.h - one training run over all ranks: set-up, resuming, training. */
#ifndef TRAIN_TRAINER_TRAINER_H
#define TRAIN_TRAINER_TRAINER_H

#include <stdio.h>

#include "comm/comm.h"
#include "train/config.h"
#include "io/h5/h5.h"
#include "data/dataset/infer.h"
#include "train/observer.h"

struct trainer;
struct import_renames;

/* Facts for the start-up report. */
struct trainer_info {
    const struct model *model;
    int64_t train_samples, val_samples;
    int64_t train_left_out, val_left_out; /* further samples, that could not be read (data.on_error) */
    struct shape shape, input;            /* of a sample, in the file and as the model gets it */
    const char *feature_type;             /* "uint8" or "float32" */
    enum target_kind kind;                /* of the labels */
    char label_text[INFER_TEXT_SIZE];     /* their type and shape, as stored, or what they are */
    bool has_weights, val_has_weights;
    int64_t classes;                /* outputs: classes, labels or targets */
    int64_t positions;              /* of the labels of a sample, each with `classes` outputs */
    const char *const *class_names; /* [classes] or NULL */
    int64_t stored_names;           /* of classes, in the file */
    int64_t virtual_ranks;          /* V after adjustment to P */
    int64_t leaves;                 /* passes of a step: of each virtual rank as many as it accumulates */
    int64_t slice_min, slice_max;   /* samples of a pass; they differ by at most one */
    int64_t lanes;                  /* slice_max: of a virtual rank, at most */
    int64_t rank_min, rank_max;     /* samples of a full batch on a rank */
    int64_t steps_per_epoch, total_steps;
    const char *isa, *blas; /* instruction-set level of the kernels; OpenBLAS core */
    double window_bytes;    /* shared memory per node */
    double copy_bytes;      /* the same for checkpoints, on the first node, while the run trains */
};

/* Opens the data, builds the model, allocates shared memory. Collective; call comm_split_nodes before.
 * `config` and `config_text` (the resolved configuration, for checkpoints) must outlive the trainer. All
 * ranks return the same status. */
enum status trainer_create(struct trainer **out, struct comm *comm, const struct config *config,
                           const char *config_text);
void trainer_destroy(struct trainer **t); /* collective */
const struct trainer_info *trainer_info(const struct trainer *t);

/* Progress of a run. */
struct trainer_point {
    int64_t epoch;    /* finished ones */
    int64_t position; /* samples of the next one that were seen */
    int64_t step;
    int64_t metrics_bytes; /* result of observer.mark */
    int64_t virtual_ranks; /* V of the run; may exceed the configured number */
    bool stopped;          /* by train.early_stop, after stale_epochs without improvement */
    int64_t stale_epochs;
    bool finished; /* nothing is left to do */
};

/* Returns whether a run at that point is finished under this configuration, which may ask for more epochs. */
bool trainer_is_finished(const struct trainer_point *p, const struct config *config);

/* Verifies a whole open checkpoint (checkpoint_open) against its configuration: every attribute and every
 * tensor. Local. Errors: STATUS_DATA. */
enum status trainer_peek(struct h5 *f, const struct config *config, struct trainer_point *point);

/* What the user changed since the run was saved, and is therefore not restored (bits). */
enum trainer_change {
    TRAINER_OVERRIDE = 1,     /* anything except the shapes of weights: data, batch, layers without weights */
    TRAINER_NEW_OPTIM = 2,    /* slots start at zero */
    TRAINER_NEW_SCHEDULE = 4, /* the state of the schedule is reset */
    TRAINER_NEW_BEST = 8,     /* the best metric is another one: reset */
    TRAINER_NEW_STOP = 16,    /* the same for train.early_stop */
    TRAINER_NEW_AVERAGE = 32, /* the average of the weights begins again */
};

/* Restores the state of a checkpoint, before trainer_run, which continues from there to the same bits as an
 * uninterrupted run, at any number of ranks. Only rank 0 reads the file, and only its `changes` count.
 * Collective; all ranks return the same status. Errors: STATUS_DATA when the file is damaged, STATUS_CONFIG
 * when it does not match configuration, data or virtual ranks; then the trainer can only be destroyed. */
enum status trainer_resume(struct trainer *t, const char *path, unsigned changes,
                           struct trainer_point *point);

/* Where a new run takes its weights from. Only rank 0's counts. */
struct trainer_init {
    const char *path;                     /* a checkpoint, or a file of another program (train/import) */
    bool plain;                           /* not the averaged ones of a checkpoint */
    bool strict;                          /* a tensor that is not loaded or not used is an error */
    const struct import_renames *renames; /* of a file of another program, or NULL */
};

/* Loads the weights that this model has under the same name and shape; others keep their initial values, and nothing else
 * is loaded. Rank 0 reads, and lists each tensor in `list` (NULL elsewhere). Collective; all ranks return the same
 * status. Errors: STATUS_DATA; STATUS_CONFIG when no tensor fits. */
enum status trainer_init_from(struct trainer *t, const struct trainer_init *from, FILE *list);

/* Trains all epochs, or until train.early_stop, evaluates after each, and writes checkpoints into the folder
 * `checkpoint_dir` (the last one is final.h5); every rank passes the same path. Collective; all ranks return
 * the same status. Errors: STATUS_DIVERGED when too many steps in a row, the loss of an evaluation or a
 * weight are not finite: no checkpoint is written or replaced then; STATUS_DIFFERS when ranks hold different
 * states; STATUS_DATA when a data file has changed, STATUS_REQUEUE and STATUS_INTERRUPTED when the run was
 * asked to stop (stop.h): these three are saved; STATUS_OTHER: memory, or the last checkpoint cannot be
 * written. */
enum status trainer_run(struct trainer *t, const struct observer *observer, const char *checkpoint_dir);

#endif
