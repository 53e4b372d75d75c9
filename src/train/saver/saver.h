/* saver.h - the checkpoints of a run: when they are written, what they are called, and which ones stay.
 *
 *   step-000000120.h5   after 120 steps; the newest checkpoint.keep of them stay
 *   last.h5             another name of the newest checkpoint, whatever it is
 *   best.h5             of the best epoch so far; final.h5: of the end of the run
 *
 * Every one is complete and stands for itself.
 *
 * Beside the steps. saver_take copies the state at a step's end (snapshot.h) and returns; a thread of rank 0 writes the copy while
 * training goes on, and makes no MPI call. Until it is done the main thread of rank 0 makes no call into h5.h; saver_finish
 * waits for it. A checkpoint that is due while another is being written waits for that one: all that a configuration counts
 * off in steps and epochs are there, and a disk that is too slow for them slows the run down to what it would be without a
 * thread. Those that the clock asks for (checkpoint.every_minutes) are put off instead.
 *
 * Failures. A write that fails removes what it had begun, leaves the checkpoints before it, and is one warning; the next one that
 * is due is tried again. A final one is tried again a few times, as there will be no other.
 *
 * Order on the disk. A file has its name only when all of it is on the disk; then come its further names, then the folder is
 * brought to the disk, and only then are older files removed. A run killed at any moment leaves the newest complete one, and a
 * temporary file that the next start removes.
 *
 * Memory. The first node holds weights and optimizer slots once more, for all its ranks together, as long as the run lasts; other
 * nodes and rank 0 itself hold nothing more (HDF5 writes from the copy; 1 MB is read at a time for the checksum). It scales as
 * far as one node can hold weights and slots twice, and one file can be written in the time between two checkpoints. */
#ifndef TRAIN_SAVER_SAVER_H
#define TRAIN_SAVER_SAVER_H

#include <stdint.h>

#include "core/status.h"

struct trainer;
struct saver;

enum saver_name { SAVER_STEP = 1, SAVER_BEST = 2, SAVER_FINAL = 4 };

/* Makes the folder; what in it is further than the run is put aside (checkpoint_folder.h). `folder` and t->observer must
 * outlive the saver; *out must be destroyed also after a failure. Collective. Errors: STATUS_OTHER: folder, memory. */
enum status saver_create(struct saver **out, struct trainer *t, const char *folder);
void saver_destroy(struct saver **s); /* collective; waits for a write under way */

/* After every step: tells of a write that has failed meanwhile, and asks all ranks for a checkpoint (trainer.requests) when
 * the clock says so. Local. */
void saver_look(struct saver *s);

/* Saves the run as it is between two steps, under these names (bits). That the write fails is told later. Errors:
 * STATUS_DIVERGED when a weight is not finite, STATUS_DIFFERS when nodes differ; nothing is written then. Collective. */
enum status saver_take(struct saver *s, int names);

/* The end of the last write. Errors: STATUS_OTHER when it failed; the message says which checkpoint is the newest. Collective. */
enum status saver_finish(struct saver *s);

/* Saves and returns `code`, with a message of `cause` and of how to go on. If nothing can be written the run can go on
 * from an earlier checkpoint all the same, and it is a failure only when there is none. Collective. */
enum status saver_stop(struct saver *s, enum status code, const char *cause);

/* For benchmarks, on this rank: seconds that the last copy and, on rank 0, the last finished write took; and those of it for which
 * it had a core. */
struct saver_times {
    double copy, write, busy;
};
struct saver_times saver_times(const struct saver *s);

#endif
