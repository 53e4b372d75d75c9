/* private.h - struct trainer and the functions that its files share. */
#ifndef TRAIN_TRAINER_PRIVATE_H
#define TRAIN_TRAINER_PRIVATE_H

#include "comm/sync/sync.h"
#include "comm/totals.h"
#include "optim/update.h"
#include "train/trainer/stragglers.h"
#include "train/trainer/timeline.h"
#include "train/trainer/trainer.h"
#include "data/batch.h"
#include "train/shapes.h"
#include "train/evaluation/evaluation.h"
#include "train/checkpoint/progress.h"

#define TRAINER_CULPRIT 96

/* What a rank may request at the end of a step (sync_requests.bits); all ranks then do it. */
enum step_request {
    REQUEST_SAVE = 1,      /* a checkpoint */
    REQUEST_STOP = 2,      /* a checkpoint, and the end of the run: STATUS_REQUEUE */
    REQUEST_INTERRUPT = 4, /* the same by the user: STATUS_INTERRUPTED */
    REQUEST_DATA = 8,      /* features could not be read (dataset_status): the step changes nothing */
    REQUEST_CORE = 16,     /* a warning: this rank gets clearly less than a core (stragglers.h) */
};

/* Virtual ranks that run side by side in one pass, and the pass. */
struct trainer_group {
    struct model *model;
    struct batch *batch, own_batch; /* the first group has that of the trainer */
    float *grads;                   /* [floats], or NULL: they go to sync */
    struct tree_node leaves;
    int first_leaf; /* of those of the rank */
    struct pass pass;
    int stage; /* of the pass: how far it is */
    const struct layer *bad;
};

struct trainer {
    const struct kernels *kernels;
    struct comm *comm;
    const struct config *config;
    const char *config_text;
    struct trainer_info info;

    struct dataset *train, *val; /* val may be NULL */
    struct normal normal;
    struct normal targets;       /* channels 0 = targets are not normalised */
    struct sample_shapes shapes; /* of samples into the model */
    struct augment augment;      /* of training samples; without steps there are no changes */
    struct augment still; /* of evaluation, and of training without steps, where batch.still points to it */
    struct model *model;
    struct loss loss;
    struct loss mixed;       /* of training where samples are mixed: classes are probabilities then */
    const struct loss *fits; /* the loss of training */
    struct sync *sync;
    struct batch batch;
    struct trainer_group *groups;    /* [group_count]: passes that are under way at the same time */
    int group_count;                 /* 1, or all of this rank */
    struct totals totals;            /* of sums over the global batch in the middle of a step */
    struct evaluation evaluation;    /* of val */
    struct timeline *timeline;       /* or NULL */
    const struct observer *observer; /* of the run */
    uint64_t data_hash, val_hash;    /* of train and val (0 = none), on rank 0 */

    struct update update;
    const float *measured; /* averaged weights whose statistics a step measures; NULL: it trains */
    double measured_share; /* of the step's batch in these statistics */

    char best_metric[WATCH_NAME_SIZE]; /* that checkpoint.best: auto stands for */
    struct progress progress;          /* the same on all ranks */
    uint64_t requests;                 /* enum step_request of this rank for the next step, without signals */
    char culprit[TRAINER_CULPRIT];     /* where this rank first was not finite, "" = nowhere */
    int64_t culprit_step;              /* in this step */
    int64_t checked;                   /* the last step after which all ranks were equal; -1 = none */
    double data_seconds, compute_seconds, sync_seconds; /* of this rank, in the steps of this epoch */
    int64_t steps_timed;                                /* number of them */
    int64_t leaves_timed;                               /* virtual ranks whose passes were computed in them */
    int straggler;                                      /* 1 + the rank reported last; 0 = none */
    struct core_share core;
};

/* data.c: opens the data and measures it. Collective. */
enum status trainer_load_data(struct trainer *t);

/* groups.c: the passes of a step that are under way at the same time; model, batch and loss are there. On
 * failure groups_destroy releases what there is. Errors: STATUS_OTHER, memory. */
enum status groups_create(struct trainer *t, const struct model_options *options,
                          const struct batch_spec *batch);
void groups_destroy(struct trainer *t);

/* groups.c: gives the next passes of a step their virtual ranks; returns their number, 0 when all are done.
 * Local. */
int groups_choose(struct trainer *t);

/* The result of a step: of the whole batch, the same on every rank. */
struct step_result {
    struct loss_sums sums;
    struct sync_requests requests; /* bad_passes also counts a sum of losses that is not finite */
};

/* step.c: the positions of a global batch that each rank takes, to dataset_prepare. Collective. */
enum status trainer_prepare_data(struct trainer *t);

/* step.c: one step on the global batch that starts at `position` of the epoch's order. A step whose loss or
 * gradient is not finite (bad_passes) or that has no valid target (no sums.weight) changes no weight.
 * Collective. Errors: STATUS_DIVERGED, the same on all ranks, after train.max_bad_steps in a row that are
 * not finite. */
struct order;
enum status trainer_step(struct trainer *t, const struct order *order, int64_t epoch, int64_t position,
                         double lr, struct step_result *result);

/* rate.c: the learning rate of the next step, its momentum if the schedule sets it, and whether the schedule still
 * decides about the rate. Local. */
bool trainer_observes(const struct trainer *t);
double trainer_find_rate(const struct trainer *t);
void trainer_set_momentum(const struct trainer *t, struct update_step *step);

/* average.c: whether there are averaged weights; how far the step in progress moves them (update.h); the
 * weights to evaluate, which are the averaged ones if there are any (collective). */
bool trainer_averages(const struct trainer *t);
double trainer_find_average_move(const struct trainer *t, bool skipped);
const float *trainer_share_weights(struct trainer *t);

/* statistics.c: running statistics of norms for weights of train.swa: means over all batches of the training set, in
 * the order of that epoch, as torch.optim.swa_utils.update_bn; nothing where there are none. Takes the time of an
 * epoch. Collective. Errors: as trainer_step. */
enum status trainer_renew_statistics(struct trainer *t, int64_t epoch);

/* check.c: checks that all ranks and nodes hold the same state, unless sync.check_every is 0 or this step was
 * checked already. Collective. Errors, the same on all ranks: STATUS_DIFFERS, naming rank or nodes and
 * place. */
enum status trainer_check(struct trainer *t);

/* check.c: checks that the data files are unchanged, as rank 0 sees them. Collective. Errors, the same on
 * all ranks: STATUS_DATA. */
enum status trainer_check_data(struct trainer *t);

/* timeline.c: maximum number of events of that many steps. */
int64_t timeline_room(const struct trainer *t, int64_t steps);

#endif
