/* guard.h - a child process for a foreign library that an untrusted file may crash, keep busy or make
 * allocate too much.
 *
 * guard_start forks a child that runs `serve` and shares one block of memory with its parent. The parent
 * writes a request there and calls guard_ask, which returns when the answer is there, or when the child
 * has died. The child ends with its parent, never calls MPI, holds none of its descriptors, and exits
 * without cleaning up. The child has only the calling thread, so no other thread may be inside the library
 * during the fork. It ends with the thread that made it, and only that thread may use it. No signal of the
 * parent is changed; where it ignores SIGCHLD, it is not known how a child ended (guard_enable_waitpid). */
#ifndef IO_GUARD_H
#define IO_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

#define GUARD_SECONDS     10 /* of processor time for all questions about a file, and for one piece of its data */
#define GUARD_SECONDS_MAX 250
#define GUARD_WALL        6                   /* times as much wall time for all questions about a file */
#define GUARD_MEMORY      ((size_t)512 << 20) /* beyond what the parent has, until guard_allow */

struct guard;

/* `room` bytes are shared, zeroed at first. `path` and `library` are for messages. Errors: STATUS_OTHER. */
enum status guard_start(struct guard **out, const char *path, const char *library, size_t room,
                        void (*serve)(struct guard *g, void *self), void *self);
void guard_end(struct guard **g);
void *guard_room(struct guard *g);

/* Called by programs at their start: waitpid reports nothing while SIGCHLD is ignored (possibly inherited).
 */
void guard_enable_waitpid(void);

/* Parent, in the thread that made the child: sends the request in the room and waits for the answer. All requests
 * about a file share one limit of processor time and one of wall time; guard_ask_long is for its data, where
 * each request may take the processor time of GUARD_SECONDS and the wall time has no limit. Errors: STATUS_DATA
 * when the child crashed or used up its time, now or earlier, STATUS_OTHER when it was killed. */
enum status guard_ask(struct guard *g);
enum status guard_ask_long(struct guard *g);

/* Parent: whether the child has died; the next requests are about another file, with time of its own. */
enum status guard_check(const struct guard *g);
enum status guard_rename(struct guard *g, const char *path);

/* Parent: takes that much processor time, and GUARD_WALL times as much wall time, off what questions about the file have
 * taken so far, down to nothing. */
void guard_give_time(struct guard *g, double seconds);

/* Child: sends the answer to the last request, if there was one, and waits for the next; false = there are
 * no more. */
bool guard_next(struct guard *g);

/* Child: sets its limit of memory beyond what the parent has. */
void guard_allow(struct guard *g, size_t bytes);

/* Sets the limit of processor time in seconds, 1 .. GUARD_SECONDS_MAX, for guards started from now on. */
void guard_set_seconds(int seconds);

#endif
