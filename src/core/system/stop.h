/* stop.h - requests to end a run early: signals and a time limit.
 *
 * SIGTERM, SIGUSR1 and SIGUSR2 request to save and to be started again, SIGINT to save and end; a second
 * SIGINT ends the process at once. The handler only notes the signal; the program polls with stop_asked where
 * it can stop, and ranks agree first, because a signal may reach only one of them. One state per process; all
 * functions are local. */
#ifndef CORE_SYSTEM_STOP_H
#define CORE_SYSTEM_STOP_H

#include <stdint.h>

#include "core/status.h"

/* Blocks the signals during MPI_Init (a rank killed there can hang its launcher), until stop_catch or
 * stop_unblock. */
void stop_block(void);
void stop_unblock(void);

/* Notes the signals from now on; signals that were ignored when the program started stay ignored. Also
 * ignores SIGPIPE: writing to a closed pipe fails, but does not kill. */
void stop_catch(void);

/* Requests a stop when the process is `seconds` old (clock_age). */
void stop_limit(int64_t seconds);

/* Returns STATUS_OK, or if a stop is requested STATUS_REQUEUE or STATUS_INTERRUPTED with the cause as the
 * message, such as "SIGTERM". */
enum status stop_asked(void);

/* Extends the message of a stop for the case that there is nothing to save; `when` says when. Other statuses
 * stay as they are. */
#define STOP_EARLY "before the first step"
enum status stop_unsaved(enum status status, const char *when);

#endif
