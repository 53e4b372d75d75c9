/* outfile.h - a text file that is written from start to end, with one message for whatever goes wrong.
 *
 * It is written as PATH.tmp.<pid> and gets its name when it is complete and on the disk, so that there is always a whole one; what
 * is no regular file (/dev/stdout) is written directly. Local functions. Private to the app layer. */
#ifndef APP_REPORT_OUTFILE_H
#define APP_REPORT_OUTFILE_H

#include <stdio.h>

#include "core/status.h"

#define OUTFILE_MARK ".tmp."

/* Errors: STATUS_OTHER. */
enum status outfile_open(FILE **out, const char *path);
enum status outfile_close(FILE *out, const char *path); /* also tells of writes that failed before */

#endif
