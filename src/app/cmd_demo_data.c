#include "app/command.h"
#include "ddp/demo.h"
#include "ddp/log.h"

enum status cmd_demo_data(struct comm *comm, struct arguments *a)
{
    (void)comm;
    TRY(demo_write(a->words[0], a->force));
    log_info("wrote %s", a->words[0]);
    return STATUS_OK;
}
