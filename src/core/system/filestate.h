/* filestate.h - whether a file is still the same, by device and inode, length, and time of the last change.
 * Local functions. */
#ifndef CORE_SYSTEM_FILESTATE_H
#define CORE_SYSTEM_FILESTATE_H

#include <sys/stat.h>

#include "core/status.h"

struct filestate {
    struct stat facts;
};

/* Notes the state of a file. Errors: STATUS_DATA if it does not exist or is not a regular file: reading a
 * pipe could wait forever, and a device may have no end. */
enum status filestate_take(struct filestate *f, const char *path);

/* Compares the file with the noted state. Errors: STATUS_DATA with the difference: missing, replaced,
 * shorter, longer, written to. */
enum status filestate_check(const struct filestate *f, const char *path);

#endif
