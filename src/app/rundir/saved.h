/* saved.h - the newest valid checkpoint of a run directory.
 *
 * For rank 0; local functions. Private to the app layer. */
#ifndef APP_RUNDIR_SAVED_H
#define APP_RUNDIR_SAVED_H

#include "app/rundir/rundir.h"
#include "train/config.h"
#include "train/trainer/trainer.h"

/* A checkpoint whose every byte was verified. */
struct saved {
    char path[RUNDIR_PATH_SIZE]; /* "" = none */
    char *config_text;           /* released with saved_free */
    struct config config;        /* what the text resolves to; released with saved_free */
    struct trainer_point point;
};

/* Reads the checkpoint at `path`. Errors: STATUS_DATA if it is damaged. */
enum status saved_read(struct saved *s, const char *path);
void saved_free(struct saved *s);

/* Finds the newest valid checkpoint of a folder, and warns of each newer one that is damaged. s->path is ""
 * if there are no checkpoints. Errors: STATUS_DATA if there are some, but none is valid. */
enum status saved_find(struct saved *s, const char *folder);

#endif
