/* inspect.c - shows the contents of a data set or a checkpoint. */
#include <stdio.h>

#include "app/cli/commands/commands.h"
#include "train/checkpoint/checkpoint.h"
#include "data/inspect/inspect.h"

enum status cmd_inspect(struct comm *comm, struct arguments *a)
{
    (void)comm;
    const char *path = a->words[0];
    return checkpoint_is(path) ? checkpoint_inspect(path, stdout)
                               : inspect_data(path, a->allow_external, stdout);
}
