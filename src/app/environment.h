/* environment.h - env.json: where, with what and how a run was started. Private to the app layer. */
#ifndef APP_ENVIRONMENT_H
#define APP_ENVIRONMENT_H

#include "app/command.h"
#include "ddp/trainer.h"

/* Rank 0, local. */
enum status environment_write(const char *path, const struct comm *comm, const struct arguments *a,
                              const struct trainer_info *info);

#endif
