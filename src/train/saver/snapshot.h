/* snapshot.h - the state of a run between two steps, copied, so that it can be written while the next steps change the run.
 *
 * The copies of weights and slots lie in memory that the ranks of the first node share, made once; each of these ranks copies
 * its cut. Slots of other nodes come together before, by messages. All other state is a few numbers. */
#ifndef TRAIN_SAVER_SNAPSHOT_H
#define TRAIN_SAVER_SNAPSHOT_H

#include "train/checkpoint/private.h"

struct trainer;

struct snapshot {
    const struct trainer *t;
    struct shared *memory;
    struct progress progress;
    float *params, *slots[OPTIM_SLOTS]; /* on the first node */
    double seconds;                     /* that the last one took this rank */
};

/* What a copy takes on the first node. */
size_t snapshot_bytes(const struct trainer *t);

/* Errors: STATUS_OTHER, memory. Collective. */
enum status snapshot_create(struct snapshot *s, const struct trainer *t);
void snapshot_destroy(struct snapshot *s); /* collective */

/* Copies the state; nobody may still read the last copy. Errors: STATUS_DIVERGED, on all ranks alike, when a weight is not finite.
 * Collective. */
enum status snapshot_take(struct snapshot *s);

/* The copy as a checkpoint holds it; points into the snapshot. For rank 0, local. */
struct checkpoint_state snapshot_state(const struct snapshot *s);

#endif
