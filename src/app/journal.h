/* journal.h - metrics.jsonl: one JSON object per event, for programs that read a run while it goes on.
 *
 *   start   what runs
 *   step    loss, accuracy, lr of one global batch
 *   epoch   exact means over the epoch, shares of time; where steps were skipped, how many and why: bad_steps (loss or
 *           gradient was not finite), empty_steps (no sample with a valid target)
 *   eval    split, exact counts, loss, every metric that the task has; null = not defined for these samples
 *   done    accuracy, loss, seconds, samples_per_second, peak_bytes, weights_hash
 *
 * A task without accuracy has neither `accuracy` nor `correct`. Every line is flushed. For rank 0; local functions. A write that fails is reported once and ends the
 * journal, not the run. Private to the app layer. */
#ifndef APP_JOURNAL_H
#define APP_JOURNAL_H

#include <stdio.h>

#include "ddp/config.h"
#include "ddp/trainer.h"

struct journal {
    FILE *out;
    int64_t every_steps; /* 0 = no step lines */
};

enum status journal_open(struct journal *j, const char *path, int64_t every_steps);
void journal_close(struct journal *j);

void journal_start(struct journal *j, const struct config *config, const struct comm *comm,
                   const struct trainer_info *info);
void journal_step(struct journal *j, const struct step_event *e);
void journal_epoch(struct journal *j, const struct epoch_event *e);
void journal_eval(struct journal *j, const struct eval_event *e);
void journal_done(struct journal *j, const struct done_event *e);

#endif
