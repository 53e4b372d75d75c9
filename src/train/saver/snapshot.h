/* snapshot.h - a copy of the state between two steps, written while the next steps change the run.
 *
 * Weights and slots are copied into memory that the ranks of the first node share, allocated once; each of
 * these ranks copies its part. Slots of other nodes are gathered before, by messages. All other state is a
 * few numbers. */
#ifndef TRAIN_SAVER_SNAPSHOT_H
#define TRAIN_SAVER_SNAPSHOT_H

#include "train/checkpoint/private.h"

struct trainer;

struct snapshot {
    const struct trainer *t;
    struct shared *memory;
    struct progress progress;
    float *params, *slots[OPTIM_SLOTS]; /* on the first node */
    float *average;                     /* NULL = the run keeps none */
    double seconds;                     /* of the last copy, on this rank */
};

/* Returns the bytes of a copy on the first node. */
size_t snapshot_bytes(const struct trainer *t);

/* Errors: STATUS_OTHER, memory. Collective. */
enum status snapshot_create(struct snapshot *s, const struct trainer *t);
void snapshot_destroy(struct snapshot *s); /* collective */

/* Copies the state; the last copy must no longer be read. Errors: STATUS_DIVERGED, on all ranks, when a
 * weight is not finite. Collective. */
enum status snapshot_take(struct snapshot *s);

/* Returns the copy as the state of a checkpoint; points into the snapshot. For rank 0, local. */
struct checkpoint_state snapshot_state(const struct snapshot *s);

#endif
