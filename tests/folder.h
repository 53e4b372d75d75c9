/* folder.h - a scratch folder that all ranks of a test see. */
#ifndef TESTS_FOLDER_H
#define TESTS_FOLDER_H

#include <stdlib.h>

#include "check.h"
#include "comm/comm.h"

#define FOLDER_SIZE 32

/* The same new path on all ranks. Collective. */
static inline void folder_make(struct comm *comm, char folder[FOLDER_SIZE])
{
    snprintf(folder, FOLDER_SIZE, "/tmp/ddp_test.XXXXXX");
    if (comm_rank(comm) == 0) CHECK(mkdtemp(folder) != NULL);
    comm_share_bytes(comm, folder, FOLDER_SIZE);
}

/* With all that is in it, when no rank needs it any more. Collective. */
static inline void folder_remove(struct comm *comm, const char *folder)
{
    char command[FOLDER_SIZE + 8];
    snprintf(command, sizeof command, "rm -r %s", folder);
    comm_barrier(comm);
    if (comm_rank(comm) == 0) CHECK(system(command) == 0);
}

#endif
