/* progress.h - counters and figures of a run: with weights and slots, all that it resumes from.
 *
 * A checkpoint holds them as attributes of its root group, named in the table of progress.c. */
#ifndef TRAIN_CHECKPOINT_PROGRESS_H
#define TRAIN_CHECKPOINT_PROGRESS_H

#include "io/h5/h5.h"
#include "nn/losses/loss.h"
#include "optim/schedule.h"
#include "train/watch.h"

struct progress {
    int64_t step;     /* steps done, skipped ones included */
    int64_t updates;  /* steps that changed the weights */
    int64_t averaged; /* terms in the average of the weights; saved with it */
    int64_t epoch;    /* finished epochs, evaluation and decisions included */
    int64_t position; /* samples seen of the next epoch; all of them = not evaluated yet */
    bool stopped;     /* early stop: the last finished epoch ends the run */

    /* Of the current epoch; before its first step, of the last one. */
    struct loss_sums seen;
    int64_t bad_steps, empty_steps; /* skipped: not finite; without any valid target */
    double lr, seconds;             /* of the last step; spent on steps */

    int64_t bad_in_a_row;
    struct schedule_state schedule;
    struct watch best, stop;

    /* Of the finished epochs. */
    double train_seconds; /* evaluation excluded */
    int64_t train_samples;

    int64_t metrics_bytes; /* length of the observer's file when the checkpoint was taken */
};

/* Call before the steps of an epoch (also one that is resumed), and after them. */
void progress_open_epoch(struct progress *p);
void progress_close_epoch(struct progress *p);

/* Write to and read from attributes of the root group; the metric names of watches are not changed. Errors of
 * load: STATUS_DATA, also for impossible numbers. Local. */
enum status progress_save(const struct progress *p, struct h5_writer *w);
enum status progress_load(struct progress *p, struct h5 *f);

#endif
