/* inspect.c - shows the contents of a data set or a checkpoint. */
#include <stdio.h>
#include <stdlib.h>

#include "app/cli/commands/commands.h"
#include "app/config/setup.h"
#include "train/checkpoint/checkpoint.h"
#include "data/inspect/inspect.h"

enum status cmd_inspect(struct comm *comm, struct arguments *a)
{
    (void)comm;
    const char *path = a->words[0];
    if (checkpoint_is(path)) return checkpoint_inspect(path, stdout);
    const struct source_options names = {.x = a->x ? a->x : getenv("DDP_TRAIN_DATA_X"),
                                         .y = a->y ? a->y : getenv("DDP_TRAIN_DATA_Y"),
                                         .weights =
                                             a->weights ? a->weights : getenv("DDP_TRAIN_DATA_WEIGHTS"),
                                         .allow_external = a->allow_external};
    setup_warn_unused("inspect");
    TRY(setup_limit_time());
    return inspect_data(path, &names, stdout);
}
