/* output.c - standard output as the result of a command. */
#include "app/cli/output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum status output_flush(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return STATUS_OK;
    return status_fail(STATUS_OTHER, "standard output: cannot be written: %s", strerror(errno));
}

enum status output_print(struct comm *comm, const char *text)
{
    bool first = comm_rank(comm) == 0;
    if (first) fputs(text, stdout);
    return comm_agree(comm, first ? output_flush() : STATUS_OK);
}
