#include <string.h>

#include "app/command.h"
#include "ddp/idx.h"
#include "ddp/log.h"

enum status cmd_convert(struct comm *comm, struct arguments *a)
{
    (void)comm;
    if (strcmp(a->words[0], "idx") != 0)
        return status_fail(STATUS_CONFIG, "convert: '%s' is no format that can be converted; there is: idx",
                           a->words[0]);
    TRY(idx_convert(a->words[1], a->words[2], a->words[3], a->class_names, a->force));
    log_info("wrote %s", a->words[3]);
    return STATUS_OK;
}
