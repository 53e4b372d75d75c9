/* leftovers.h - files of Open MPI that a killed job would leave behind.
 *
 * Memory that ranks of a machine share has a file behind it (vader_segment.* in /dev/shm), which Open MPI removes at the
 * end; its launcher removes its own folder of the job. A job of which everything is killed at once can remove nothing, so the
 * first kind goes as soon as no rank needs it any more. */
#ifndef COMM_LEFTOVERS_H
#define COMM_LEFTOVERS_H

/* Removes the files of all ranks of the machine, `ranks`, which have mapped them by now. For one of them to call. Local. */
void leftovers_hide(int ranks);

/* The same rank puts empty ones there, before any rank ends MPI, which complains where it finds none. Local. */
void leftovers_restore(void);

/* The launcher is gone: removes its folder of this job, where that is mpirun's. Local. */
void leftovers_of_launcher(void);

#endif
