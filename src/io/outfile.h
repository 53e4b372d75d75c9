/* outfile.h - a file that is written once from start to end.
 *
 * It is written as PATH.tmp.<pid> and renamed when it is complete and on disk, so that PATH is never half
 * written. If PATH is not a regular file (/dev/stdout), it is written directly. Local functions. */
#ifndef IO_OUTFILE_H
#define IO_OUTFILE_H

#include <stdio.h>

#include "core/status.h"

#define OUTFILE_MARK ".tmp."

/* Errors: STATUS_OTHER. */
enum status outfile_open(FILE **out, const char *path);
enum status outfile_close(FILE *out, const char *path); /* also reports earlier write errors */

/* Closes a file that is not to appear. */
void outfile_discard(FILE *out, const char *path);

#endif
