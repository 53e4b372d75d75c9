/* saver.h - the checkpoints of a run: when they are written, what they are called, and which ones stay.
 *
 *   step-000000120.h5   after 120 steps; the newest checkpoint.keep of them stay
 *   last.h5             another name of the newest checkpoint, whatever it is
 *   best.h5             of the best epoch so far; final.h5: of the end of the run
 *
 * Every one is complete and stands for itself.
 *
 * Writing in the background. saver_take copies the state after a step (snapshot.h) and returns; a thread of
 * rank 0 writes the copy while training goes on, without MPI calls. Until it has finished, the main thread of
 * rank 0 makes no call into h5.h; saver_finish waits for it. A checkpoint that is due while another is being
 * written waits: every checkpoint asked for by steps or epochs is written, and a slow disk slows the run down
 * to the speed without a thread. Checkpoints asked for by time (checkpoint.every_minutes) are postponed
 * instead.
 *
 * Failures. A write that fails removes its partial file, keeps the earlier checkpoints and gives one warning;
 * the next checkpoint is written as usual. The final one is retried a few times.
 *
 * Order on the disk. A file gets its name when all of it is on the disk; then come its further names, then
 * the folder is synced, and only then are older files removed. A run killed at any moment leaves its newest
 * complete checkpoint and perhaps a temporary file, which the next start removes.
 *
 * Memory. The first node holds a second copy of weights and optimizer slots, shared by its ranks, during the
 * whole run; other nodes and rank 0 itself hold nothing more (HDF5 writes from the copy; 1 MB is read at a
 * time for the checksum). Limits: one node must hold weights and slots twice, and a file must be written in
 * the time between two checkpoints. */
#ifndef TRAIN_SAVER_SAVER_H
#define TRAIN_SAVER_SAVER_H

#include <stdint.h>

#include "core/status.h"

struct trainer;
struct saver;

enum saver_name { SAVER_STEP = 1, SAVER_BEST = 2, SAVER_FINAL = 4 };

/* Creates the folder; checkpoints later than the run are put aside (checkpoint/folder.h). `folder` and
 * t->observer must outlive the saver. Collective. Errors: STATUS_OTHER: folder, memory. */
enum status saver_create(struct saver **out, struct trainer *t, const char *folder);
void saver_destroy(struct saver **s); /* collective; waits for a write under way */

/* Call after every step: warns about a write that has failed, and requests a checkpoint from all ranks
 * (trainer.requests) when checkpoint.every_minutes have passed. Local. */
void saver_look(struct saver *s);

/* Saves the state between two steps, under these names (bits of saver_name). A failed write is reported
 * later. Errors: STATUS_DIVERGED when a weight is not finite, STATUS_DIFFERS when nodes differ; nothing is
 * written then. Collective. */
enum status saver_take(struct saver *s, int names);

/* Waits for the last write. Errors: STATUS_OTHER when it failed; the message names the newest checkpoint.
 * Collective. */
enum status saver_finish(struct saver *s);

/* Saves and returns `code`, with a message that names `cause` and how to continue. If nothing can be written,
 * the run can continue from an earlier checkpoint; it is a failure only when there is none. Collective. */
enum status saver_stop(struct saver *s, enum status code, const char *cause);

/* For benchmarks, on this rank: seconds of the last copy and, on rank 0, of the last finished write; `busy`:
 * its CPU time. */
struct saver_times {
    double copy, write, busy;
};
struct saver_times saver_times(const struct saver *s);

#endif
