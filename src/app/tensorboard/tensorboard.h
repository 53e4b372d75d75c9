/* tensorboard.h - event files for TensorBoard, in the run directory.
 *
 *   step/loss, accuracy, lr           of one global batch, every log.every_steps steps
 *   train/loss, accuracy, lr          of an epoch, as in its line of metrics.jsonl
 *   time/seconds, samples_per_second  of an epoch
 *   val/loss and all metrics          of an evaluation
 *   val/confusion_matrix              an image: rows are true classes
 *
 * All over the number of steps; a value that is not defined is left out. Every start of a run begins a new file; its
 * first event says that steps after the checkpoint's are replaced (SessionLog). Every event is flushed. An event that
 * cannot be written ends the file, which is reported; training continues. For rank 0; local functions. Private to the app
 * layer. */
#ifndef APP_TENSORBOARD_TENSORBOARD_H
#define APP_TENSORBOARD_TENSORBOARD_H

#include <stdio.h>

#include "app/rundir/rundir.h"
#include "train/observer.h"

struct tensorboard {
    FILE *out; /* NULL: nothing is written */
    int64_t every_steps;
    char path[RUNDIR_PATH_SIZE];
};

/* Begins a file in `folder` for a run that continues after `step` steps. Errors: STATUS_OTHER. */
enum status tensorboard_open(struct tensorboard *t, const char *folder, int64_t every_steps, int64_t step);
void tensorboard_close(struct tensorboard *t);

void tensorboard_step(struct tensorboard *t, const struct step_event *e);
void tensorboard_epoch(struct tensorboard *t, const struct epoch_event *e);
void tensorboard_eval(struct tensorboard *t, const struct eval_event *e);

#endif
