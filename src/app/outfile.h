/* outfile.h - a text file that is written from start to end, with one message for whatever goes wrong. Local functions.
 * Private to the app layer. */
#ifndef APP_OUTFILE_H
#define APP_OUTFILE_H

#include <stdio.h>

#include "ddp/status.h"

/* Errors: STATUS_OTHER. */
enum status outfile_open(FILE **out, const char *path);
enum status outfile_close(FILE *out, const char *path); /* also tells of writes that failed before */

#endif
