/* room.h - how much memory this process may still use. Local functions. */
#ifndef CORE_SYSTEM_ROOM_H
#define CORE_SYSTEM_ROOM_H

/* Returns the bytes that are free: of the machine, and of the control groups (version 1 and 2) that the process is
 * in, where files that the system keeps in memory count as free. *limit says which of them is the smallest, for
 * messages. Infinite where nothing is known. */
double room_of_memory(const char **limit);

#endif
