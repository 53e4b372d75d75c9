/* background.h - one piece of work at a time on a thread beside the main thread.
 *
 * The thread receives no signals and may run on every core of the job (cores.h), not only on the one that the
 * launcher bound the main thread to. The work must not log or call MPI; its allocations are counted
 * separately (mem.h). All functions are for the main thread. */
#ifndef CORE_SYSTEM_BACKGROUND_H
#define CORE_SYSTEM_BACKGROUND_H

#include <stdbool.h>

#include "core/status.h"

struct background;

/* Errors: STATUS_OTHER, memory. */
enum status background_create(struct background **out);
void background_destroy(struct background **b); /* waits for the work */

/* Starts work(self); no work may be running. If no thread can be created, does the work before it returns. */
void background_start(struct background *b, enum status (*work)(void *self), void *self);

/* Returns whether work was started and not yet finished, and whether background_finish would return without
 * waiting. */
bool background_busy(const struct background *b);
bool background_done(const struct background *b);

/* Waits for the work and returns its status, with its message; STATUS_OK if there is none. */
enum status background_finish(struct background *b);

#endif
