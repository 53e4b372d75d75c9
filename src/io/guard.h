/* guard.h - a process of its own for a foreign library that a file may crash, keep busy or fill with memory.
 *
 * guard_start forks a child which runs `serve` and talks with its parent through one block of memory that both see. The parent
 * puts a question there and calls guard_ask, which returns when the answer stands there, or when the child has died of the
 * question. The child ends with its parent, never calls MPI, holds no descriptor of it, and leaves without cleaning up.
 * Every thread but the caller's is missing in the child, so no other thread may be inside the library when it is made. The child
 * ends with the thread that made it, not only with the process: that has to be the main thread. */
#ifndef IO_GUARD_H
#define IO_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

#define GUARD_SECONDS 30                  /* of processor time for one answer */
#define GUARD_MEMORY  ((size_t)512 << 20) /* beyond what the parent has, until guard_allow */

struct guard;

/* Called by the main thread. `room` bytes are shared, zeroed at first. `path` and `library` are for messages. Errors: STATUS_OTHER. */
enum status guard_start(struct guard **out, const char *path, const char *library, size_t room,
                        void (*serve)(struct guard *g, void *self), void *self);
void guard_end(struct guard **g);
void *guard_room(struct guard *g);

/* Parent: errors are STATUS_DATA when the child crashed or used up its time, now or in an earlier question, and STATUS_OTHER
 * when somebody killed it. What the answer itself says stands in the room. */
enum status guard_ask(struct guard *g);

/* Parent: processor time the child has used so far, in seconds; and whether it is still there, and `spent` seconds are not more
 * than one answer may take, for answers made of those to many questions. Errors: as guard_ask. */
double guard_used(const struct guard *g);
enum status guard_check(const struct guard *g, double spent);

/* Child: hands over the answer to the last question, if there was one, and waits for the next; false = no more to come. */
bool guard_next(struct guard *g);

/* Child: it may take so much memory. */
void guard_allow(struct guard *g, size_t bytes);

/* Processor time of answers of guards started from now on; for tests. */
void guard_set_seconds(int seconds);

#endif
