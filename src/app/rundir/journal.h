/* journal.h - metrics.jsonl: one JSON object per event, for programs that follow a run.
 *
 *   start   configuration, data, model and machine of the run; if samples could not be read and are left out
 *           (data.on_error): train_left_out, val_left_out
 *   resume  checkpoint, step, epoch and number of ranks from which a run is continued, and how far it is to go
 *   step    loss, accuracy, lr of one global batch
 *   epoch   exact means over the epoch, shares of time; if steps were skipped: bad_steps (loss or gradient
 * not finite) and empty_steps (no sample with a valid target) eval    split, exact counts, loss, all metrics
 * of the task; null = not defined for these samples done    accuracy, loss, seconds, samples_per_second,
 * peak_bytes, weights_hash
 *
 * A task without accuracy has neither `accuracy` nor `correct`. Every line is flushed. A line that cannot be
 * written is missing and reported; the next one is tried again. For rank 0; local functions. Private to the
 * app layer. */
#ifndef APP_RUNDIR_JOURNAL_H
#define APP_RUNDIR_JOURNAL_H

#include <stdbool.h>
#include <stdio.h>

#include "app/rundir/rundir.h"
#include "train/config.h"
#include "train/trainer/trainer.h"

struct journal {
    FILE *out;
    int64_t every_steps; /* 0 = no step lines */
    int64_t bytes;       /* of complete lines written */
    int disk;            /* a second descriptor of the file, for other threads; -1 = none */
    char path[RUNDIR_PATH_SIZE];
    bool torn; /* the last line could not be written */
};

enum status journal_open(struct journal *j, const char *path, int64_t every_steps);
void journal_close(struct journal *j);

/* Opens the file of a resumed run and cuts it to its first `bytes`, its length at the checkpoint; later
 * events will be written again. Warns if the file is shorter. */
enum status journal_reopen(struct journal *j, const char *path, int64_t every_steps, int64_t bytes);

/* Returns whether the run whose file is at `path` is complete. */
bool journal_is_done(const char *path);

/* Flushes the lines written so far to the disk, best effort. From any thread, between opening and closing. */
void journal_settle(const struct journal *j);

void journal_start(struct journal *j, const struct config *config, const struct comm *comm,
                   const struct trainer_info *info);
void journal_resume(struct journal *j, const struct config *config, const struct comm *comm,
                    const struct trainer_info *info, const char *from, const struct trainer_point *point);
void journal_step(struct journal *j, const struct step_event *e);
void journal_epoch(struct journal *j, const struct epoch_event *e);
void journal_eval(struct journal *j, const struct eval_event *e);
void journal_done(struct journal *j, const struct done_event *e);

#endif
