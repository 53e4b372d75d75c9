/* progress.h - how far a run is: the plain numbers that, with weights and slots, decide how it goes on.
 *
 * A checkpoint holds them as attributes of its root group, each under its name in the table of progress.c. */
#ifndef TRAIN_CHECKPOINT_PROGRESS_H
#define TRAIN_CHECKPOINT_PROGRESS_H

#include "io/h5/h5.h"
#include "nn/losses/loss.h"
#include "optim/schedule.h"
#include "train/watch.h"

struct progress {
    int64_t step;    /* steps done, skipped ones included */
    int64_t updates; /* steps that changed the weights */
    int64_t epoch;   /* epochs finished: evaluated, and decided upon */
    int64_t
        position; /* samples of the next epoch that have been seen; all of them = it is not evaluated yet */
    bool stopped; /* the last epoch was the last one, whatever train.epochs says */

    /* Of the epoch under way; before its first step, of the last one. */
    struct loss_sums seen;
    int64_t bad_steps, empty_steps; /* skipped: not finite; without any valid target */
    double lr, seconds;             /* of the last step; spent on steps */

    int64_t bad_in_a_row;
    struct schedule_state schedule;
    struct watch best, stop;

    /* Of the finished epochs. */
    double train_seconds; /* evaluation excluded */
    int64_t train_samples;

    int64_t metrics_bytes; /* what the observer had written when the checkpoint was taken */
};

/* Before the steps of an epoch, which may have been begun already; and after them. */
void progress_open_epoch(struct progress *p);
void progress_close_epoch(struct progress *p);

/* As attributes of the root group, and from there; what a watch follows is left alone. Errors of load: STATUS_DATA, also
 * for numbers that no run can have. Local. */
enum status progress_save(const struct progress *p, struct h5_writer *w);
enum status progress_load(struct progress *p, struct h5 *f);

#endif
