/* output.h - what a command prints on standard output is its result. Private to the app layer. */
#ifndef APP_CLI_OUTPUT_H
#define APP_CLI_OUTPUT_H

#include "comm/comm.h"

/* Flushes standard output. Local. Errors: STATUS_OTHER when it cannot take everything. */
enum status output_flush(void);

/* Prints `text` on rank 0. Collective. Errors: STATUS_OTHER. */
enum status output_print(struct comm *comm, const char *text);

#endif
