/* cores.h - the cores that threads beside the main thread may use.
 *
 * A launcher may bind each process to a core of its own. A thread that reads or writes beside the main thread leaves
 * it, but for no core that was not given to some process of the job on this machine: cores that the user, or the
 * system of queues, keeps for others stay theirs. Local functions. */
#ifndef CORE_SYSTEM_CORES_H
#define CORE_SYSTEM_CORES_H

#include <stddef.h>

/* Returns the number of cores this thread may use, and that of the machine. */
int cores_count(int *machine);

/* Says which cores the threads may use: a mask as of sched_getaffinity, of all processes of the job on this machine.
 * Before any thread; until then each stays where its process is. */
void cores_allow(const void *mask, size_t bytes);

/* Lets this thread run on all of them. If the system refuses, the thread stays bound. */
void cores_take_all(void);

#endif
