/* lock.h - who works in a folder: its file `lock`, which one process at a time holds, and the system lets go of when that
 * process ends, however it ends.
 *
 * The file stays, with the process that held it last. Local functions. Private to the app layer. */
#ifndef APP_RUNDIR_LOCK_H
#define APP_RUNDIR_LOCK_H

#include <stdbool.h>

#include "core/status.h"

#define LOCK_NAME    "lock"
#define LOCK_SECONDS 10.0 /* so long may the processes of a job that was killed take to end */

struct lock {
    bool held;
    int file;
};

/* Waits up to so many seconds. A file system that knows no locks is a warning. Errors: STATUS_OTHER with the holder's name, and
 * when the file cannot be made; what stop_asked says. */
enum status lock_take(struct lock *l, const char *folder, double seconds);
void lock_release(struct lock *l);

#endif
