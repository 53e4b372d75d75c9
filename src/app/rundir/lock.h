/* lock.h - a lock on a folder, so that one run at a time works in it.
 *
 * The lock is on the file `lock` in the folder; the system releases it when its process ends. The file stays
 * and names the process that held it last. Local functions. Private to the app layer. */
#ifndef APP_RUNDIR_LOCK_H
#define APP_RUNDIR_LOCK_H

#include <stdbool.h>

#include "core/status.h"

#define LOCK_NAME    "lock"
#define LOCK_SECONDS 10.0 /* the time that processes of a killed job may take to end */

struct lock {
    bool held;
    int file;
};

/* Takes the lock, waiting up to `seconds`. Warns if the file system does not support locks. Errors:
 * STATUS_OTHER if another process holds it or the file cannot be created; the statuses of stop_asked. */
enum status lock_take(struct lock *l, const char *folder, double seconds);
void lock_release(struct lock *l);

/* Returns whether a process works in the folder. */
bool lock_is_held(const char *folder);

#endif
