/* inspect.c - shows the contents of a data set or a checkpoint. */
#include <stdio.h>

#include "app/cli/commands/commands.h"
#include "app/config/setup.h"
#include "train/checkpoint/checkpoint.h"
#include "data/inspect/inspect.h"

enum status cmd_inspect(struct comm *comm, struct arguments *a)
{
    (void)comm;
    const char *path = a->words[0];
    if (checkpoint_is(path)) return checkpoint_inspect(path, stdout);
    setup_complete_names(&a->names);
    struct source_options names = {.x = a->names.x,
                                   .y = a->names.y,
                                   .weights = a->names.weights,
                                   .index = a->names.index,
                                   .allow_external = a->allow_external};
    TRY(setup_read_choice("data.samples", a->names.samples, &names.samples));
    setup_warn_unused("inspect");
    TRY(setup_limit_time());
    return inspect_data(path, &names, stdout);
}
