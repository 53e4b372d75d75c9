/* run.h - runs what a command line asks for. Private to the app layer. */
#ifndef APP_CLI_RUN_H
#define APP_CLI_RUN_H

#include "comm/comm.h"

/* Reads the command line and runs its command. Collective; all ranks return the same status. */
enum status cli_run(struct comm *comm, int argc, char **argv);

#endif
