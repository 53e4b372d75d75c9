/* journal.h - metrics.jsonl: one JSON object per event, for programs that read a run while it goes on.
 *
 *   start   what runs
 *   resume  from which checkpoint, step and epoch, and with how many ranks, a run goes on
 *   step    loss, accuracy, lr of one global batch
 *   epoch   exact means over the epoch, shares of time; where steps were skipped, how many and why: bad_steps (loss or
 *           gradient was not finite), empty_steps (no sample with a valid target)
 *   eval    split, exact counts, loss, every metric that the task has; null = not defined for these samples
 *   done    accuracy, loss, seconds, samples_per_second, peak_bytes, weights_hash
 *
 * A task without accuracy has neither `accuracy` nor `correct`. Every line is flushed. For rank 0; local functions. A line
 * that cannot be written is reported and missing; the next one is tried anew. Private to the app layer. */
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
    int64_t bytes;       /* of whole lines written */
    int disk;            /* another descriptor of the file, for other threads; -1 = none */
    char path[RUNDIR_PATH_SIZE];
    bool torn; /* the last line could not be written */
};

enum status journal_open(struct journal *j, const char *path, int64_t every_steps);
void journal_close(struct journal *j);

/* Goes on behind the first `bytes`, those that the checkpoint a run resumes from knew of; what was told after them will be told
 * again. If there are fewer, that is a warning. */
enum status journal_reopen(struct journal *j, const char *path, int64_t every_steps, int64_t bytes);

/* Whether the file at `path` is that of a run that came to its end. */
bool journal_is_done(const char *path);

/* Brings the lines so far to the disk, as far as it takes them. From any thread, between opening and closing. */
void journal_settle(const struct journal *j);

void journal_start(struct journal *j, const struct config *config, const struct comm *comm,
                   const struct trainer_info *info);
void journal_resume(struct journal *j, const struct comm *comm, const char *from,
                    const struct trainer_point *point);
void journal_step(struct journal *j, const struct step_event *e);
void journal_epoch(struct journal *j, const struct epoch_event *e);
void journal_eval(struct journal *j, const struct eval_event *e);
void journal_done(struct journal *j, const struct done_event *e);

#endif
