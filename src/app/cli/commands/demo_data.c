/* demo_data.c - writes the built-in demo data set. */
#include "app/cli/commands/commands.h"
#include "data/demo/demo.h"
#include "core/log.h"

enum status cmd_demo_data(struct comm *comm, struct arguments *a)
{
    (void)comm;
    TRY(demo_write(a->words[0], a->force));
    log_info("wrote %s", a->words[0]);
    return STATUS_OK;
}
