/* environment.h - env.json: where, with what and how a run was started. Private to the app layer. */
#ifndef APP_RUNDIR_ENVIRONMENT_H
#define APP_RUNDIR_ENVIRONMENT_H

#include "app/cli/command.h"
#include "app/rundir/machines.h"
#include "train/trainer.h"

/* `resumed_from` and `weights_from` are checkpoints, or NULL. Rank 0, local. */
enum status environment_write(const char *path, const struct comm *comm, const struct arguments *a,
                              const struct trainer_info *info, const struct machines *machines,
                              const char *resumed_from, const char *weights_from);

#endif
