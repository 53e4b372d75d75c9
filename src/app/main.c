#include <stdio.h>

#include "app/command.h"
#include "ddp/log.h"

int main(int argc, char **argv)
{
    struct comm *comm = NULL;
    enum status status = comm_create(&comm, &argc, &argv);
    bool first = !comm || comm_rank(comm) == 0;
    log_enable(first);
    if (status == STATUS_OK) status = command_run(comm, argc, argv);
    if (status != STATUS_OK && first) fprintf(stderr, "ddp_train: error: %s\n", status_text());
    comm_destroy(&comm);
    return status;
}
