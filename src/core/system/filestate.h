/* filestate.h - whether a file is still the one that was looked at, by what the file system says of it: device and inode, length,
 * time of the last change. Local functions. */
#ifndef CORE_SYSTEM_FILESTATE_H
#define CORE_SYSTEM_FILESTATE_H

#include <sys/stat.h>

#include "core/status.h"

struct filestate {
    struct stat facts;
};

/* Errors: STATUS_DATA when there is no such file, or no regular one: a pipe that nobody writes to would keep everyone waiting, a
 * device may have no end, and most files are read more than once. */
enum status filestate_take(struct filestate *f, const char *path);

/* Errors: STATUS_DATA with what is different now: the file is gone, another one, shorter, longer, or written to. */
enum status filestate_check(const struct filestate *f, const char *path);

#endif
