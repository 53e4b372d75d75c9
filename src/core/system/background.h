/* background.h - work beside the main thread, one piece at a time.
 *
 * The work runs on a thread of its own that takes no signals (they are the main thread's) and may use every core the process may
 * be given, not only the one its launcher bound it to, where it would hold up the main thread. It must not log, nor call MPI;
 * what it allocates does not count as the main thread's (mem.h). All functions are for the main thread. */
#ifndef CORE_SYSTEM_BACKGROUND_H
#define CORE_SYSTEM_BACKGROUND_H

#include <stdbool.h>

#include "core/status.h"

struct background;

/* Errors: STATUS_OTHER, memory. */
enum status background_create(struct background **out);
void background_destroy(struct background **b); /* waits for the work */

/* Starts work(self); nothing may be under way. Where no thread can be had the work is done here and now. */
void background_start(struct background *b, enum status (*work)(void *self), void *self);

/* Whether work is under way, and whether it could be taken back without waiting. */
bool background_busy(const struct background *b);
bool background_done(const struct background *b);

/* Waits for the work and returns what it did, with its message; STATUS_OK if nothing was under way. */
enum status background_finish(struct background *b);

#endif
