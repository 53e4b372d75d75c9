/* process.h - processes of this machine (/proc), and its name.
 *
 * The system reuses process numbers; number and start time together identify a process. Local functions. */
#ifndef CORE_SYSTEM_PROCESS_H
#define CORE_SYSTEM_PROCESS_H

#include <stdint.h>

#define PROCESS_GONE '-'

/* Returns the start time of a process, in ticks since the machine started; 0 if it does not exist. */
uint64_t process_start_time(int64_t pid);

/* Returns the state as in /proc/PID/stat: R running, S waiting, D waiting for a device, T stopped, Z ended;
 * PROCESS_GONE if the process does not exist any longer. R if it is unknown. */
char process_state(int64_t pid, uint64_t start_time);

/* Writes the name of the host, padded with zeros, so that it can be sent as a record. */
#define PROCESS_HOST_SIZE 65 /* the limit of Linux is 64 */
void process_host(char host[PROCESS_HOST_SIZE]);

#endif
