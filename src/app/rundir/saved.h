/* saved.h - the checkpoints of a run directory: which one is the newest that is whole.
 *
 * For rank 0; local functions. Private to the app layer. */
#ifndef APP_RUNDIR_SAVED_H
#define APP_RUNDIR_SAVED_H

#include "app/rundir/rundir.h"
#include "train/config.h"
#include "train/trainer/trainer.h"

/* A checkpoint that was read from start to end. */
struct saved {
    char path[RUNDIR_PATH_SIZE]; /* "" = none */
    char *config_text;           /* released with saved_free */
    struct config config;        /* what the text resolves to; released with saved_free */
    struct trainer_point point;
};

/* Errors: STATUS_DATA, what is wrong with it. */
enum status saved_read(struct saved *s, const char *path);
void saved_free(struct saved *s);

/* The newest good one in a folder; each damaged one before it is a warning. s->path is "" if there are none at all. Errors:
 * STATUS_DATA when there are some, but none is good. */
enum status saved_find(struct saved *s, const char *folder);

#endif
