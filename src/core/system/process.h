/* process.h - what the kernel says of this machine and of its processes (/proc).
 *
 * A number is given to a new process when the old one is gone; number and start time together name one process. Local. */
#ifndef CORE_SYSTEM_PROCESS_H
#define CORE_SYSTEM_PROCESS_H

#include <stdint.h>

#define PROCESS_GONE '-'

/* When it was started, in ticks since the machine was; 0 if it is not there. */
uint64_t process_start_time(int64_t pid);

/* Its state as in /proc/PID/stat: R runs, S waits, D waits for a device, T is stopped, Z has ended; PROCESS_GONE if it is not
 * there any more. R where that cannot be told. */
char process_state(int64_t pid, uint64_t start_time);

/* The name of the host; zeros behind it, so that it can be sent as it is. */
#define PROCESS_HOST_SIZE 65 /* Linux has no longer ones */
void process_host(char host[PROCESS_HOST_SIZE]);

#endif
