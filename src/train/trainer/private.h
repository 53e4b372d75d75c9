/* private.h - the parts of a trainer, shared by its set-up and its loop. */
#ifndef TRAIN_TRAINER_PRIVATE_H
#define TRAIN_TRAINER_PRIVATE_H

#include "comm/sync/sync.h"
#include "optim/update.h"
#include "train/trainer/timeline.h"
#include "train/trainer/trainer.h"
#include "data/batch.h"
#include "train/evaluation/evaluation.h"
#include "train/checkpoint/progress.h"

#define TRAINER_CULPRIT 96

/* What a rank may ask of all at the end of a step (sync_requests.bits): one asks, all do. */
enum step_request {
    REQUEST_SAVE = 1,      /* a checkpoint */
    REQUEST_STOP = 2,      /* a checkpoint, and the end of the run: STATUS_REQUEUE */
    REQUEST_INTERRUPT = 4, /* the same on the user's word: STATUS_INTERRUPTED */
};

struct trainer {
    struct comm *comm;
    const struct config *config;
    const char *config_text;
    struct trainer_info info;

    struct dataset *train, *val; /* val may be NULL */
    struct normal normal;
    struct normal targets; /* channels 0 = targets are taken as they are */
    struct model *model;
    struct loss loss;
    struct sync *sync;
    struct batch batch;
    struct evaluation evaluation;    /* of val */
    struct timeline *timeline;       /* or NULL */
    const struct observer *observer; /* of the run */
    uint64_t data_hash, val_hash;    /* of train and val (0 = none), on rank 0 */

    struct update update;

    char best_metric[WATCH_NAME_SIZE]; /* that checkpoint.best: auto stands for */
    struct progress progress;          /* the same on all ranks */
    uint64_t requests; /* enum step_request: what this rank asks in the next step, signals aside */
    char culprit[TRAINER_CULPRIT]; /* what went wrong first on this rank, "" = nothing */
    int64_t culprit_step;          /* and in which step */
    int64_t checked;               /* the step after which all ranks were last found alike; -1 = never */
    double data_seconds, compute_seconds, sync_seconds; /* of this rank, in this epoch's steps */
    int64_t steps_timed;                                /* so many of them */
    int straggler;                                      /* the rank last named as one, from 1; 0 = none */
};

/* data.c: opens the data and measures it; and a further set, whose labels must be of this kind, or may be missing if
 * it is for prediction, which also needs no weights. Collective. */
enum status trainer_load_data(struct trainer *t);
enum status trainer_load_like(struct dataset **out, struct comm *comm, const struct config *config,
                              const char *locator, enum target_kind kind, bool for_prediction);

/* What a step came to: of the whole batch, the same on every rank. */
struct step_result {
    struct loss_sums sums;
    struct sync_requests requests; /* bad_passes also counts a sum of losses that is not finite */
};

/* step.c: one step on the global batch that starts at `position` of the epoch's order. A step whose loss or gradient
 * is not finite (bad_passes) or that has no valid target (no sums.weight) changes no weight. Collective. Errors: STATUS_DIVERGED, on all ranks alike, after
 * train.max_bad_steps in a row that are not finite. */
struct order;
enum status trainer_step(struct trainer *t, const struct order *order, int64_t epoch, int64_t position,
                         double lr, struct step_result *result);

/* check.c: whether all ranks and nodes hold the same state, unless sync.check_every is 0 or it was asked after this very
 * step. Collective. Errors, on all ranks alike: STATUS_DIFFERS, naming who and where. */
enum status trainer_check(struct trainer *t);

/* The same: whether the files that data were read from are as they were, as rank 0 sees them. Collective. Errors, on all ranks
 * alike: STATUS_DATA. */
enum status trainer_check_data(struct trainer *t);

/* timeline.c: events that so many steps may record. */
int64_t timeline_room(const struct trainer *t, int64_t steps);

#endif
