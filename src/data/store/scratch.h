/* scratch.h - a file on a disk of the node, without a name. */
#ifndef DATA_STORE_SCRATCH_H
#define DATA_STORE_SCRATCH_H

#include "comm/comm.h"

/* The folder: `wanted`, or if that is empty $SLURM_TMPDIR, $TMPDIR or /tmp. */
const char *scratch_folder(const char *wanted);

/* Free bytes of a folder; 0 where it is unknown, or where the folder is in memory. */
double scratch_room(const char *folder);

/* Creates a file of `bytes` on every node and opens it on all ranks of the node. It is removed at once, and lives
 * as long as a rank has it open, so nothing is left behind however the run ends; a run that is killed in between leaves
 * an empty file, which the next one on this machine removes. `what` names it in messages.
 * Collective. Errors: STATUS_OTHER when the disk has no room. */
enum status scratch_open(int *file, struct comm *comm, const char *folder, size_t bytes, const char *what);

/* Read and write exactly `bytes`. Errors: STATUS_OTHER. Local. */
enum status scratch_write(int file, const void *data, size_t bytes, int64_t offset, const char *what);
enum status scratch_read(int file, void *data, size_t bytes, int64_t offset, const char *what);

#endif
