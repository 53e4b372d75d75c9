/* leftovers.h - removes files of Open MPI that a killed job would leave behind.
 *
 * Memory that ranks of a machine share is backed by files (vader_segment.* in /dev/shm), which Open MPI
 * removes at the end. The launcher removes its session folder. A job that is killed as a whole can remove
 * neither, so the files are removed as soon as all ranks have mapped them. */
#ifndef COMM_LEFTOVERS_H
#define COMM_LEFTOVERS_H

/* Removes the files of this machine's ranks, of which there are `ranks`. Call on one rank of the machine,
 * once all have mapped them. Local. */
void leftovers_hide(int ranks);

/* Puts empty files in their places, because MPI_Finalize complains about missing ones. Call on the same rank.
 * Local. */
void leftovers_restore(void);

/* Removes the session folder of this job if mpirun made it. Call when the launcher is gone. Local. */
void leftovers_remove_session(void);

#endif
