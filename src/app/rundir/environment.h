/* environment.h - env.json: where, with what and how a run was started. Private to the app layer. */
#ifndef APP_RUNDIR_ENVIRONMENT_H
#define APP_RUNDIR_ENVIRONMENT_H

#include "app/rundir/machines.h"
#include "train/trainer/trainer.h"

struct environment {
    int argc; /* the command line */
    char *const *argv;
    const struct comm *comm;
    const struct trainer_info *info;
    const struct machines *machines;
    const char *resumed_from, *weights_from; /* checkpoints, or NULL */
};

/* Writes the file at `path`. For rank 0; local. Errors: STATUS_OTHER. */
enum status environment_write(const char *path, const struct environment *e);

#endif
