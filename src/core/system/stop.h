/* stop.h - wishes that a run end before its end: signals, and the time it may take.
 *
 * SIGTERM, SIGUSR1 and SIGUSR2 ask to save and to be started again, SIGINT to save and leave; a second SIGINT ends the process
 * at once. A handler only notes which signal came: the program asks wherever it can stop, and ranks agree before they do,
 * as a signal may have come to one of them. A process has one state; all functions are local. */
#ifndef CORE_SYSTEM_STOP_H
#define CORE_SYSTEM_STOP_H

#include <stdint.h>

#include "core/status.h"

/* Keeps the signals waiting while MPI starts: a rank that dies then can leave its launcher waiting for good. They come when
 * stop_catch or stop_release is called. */
void stop_hold(void);
void stop_release(void);

/* From now on the signals are noted, to the end of the process; those that whoever started the program ignores stay ignored.
 * Writing where nobody reads any more fails from now on, but does not kill (SIGPIPE). */
void stop_catch(void);

/* The program shall also stop when it is so many seconds old (clock_age). */
void stop_limit(int64_t seconds);

/* STATUS_OK; STATUS_REQUEUE or STATUS_INTERRUPTED with the name of the cause as the message, such as "SIGTERM". */
enum status stop_asked(void);

/* Makes the message of a stop that of one when there is nothing to save, and says when that was; leaves other ones. */
#define STOP_EARLY "before the first step"
enum status stop_unsaved(enum status status, const char *when);

#endif
