/* ahead.h - a thread beside each rank that fills slots of memory before they are needed.
 *
 * A ring has a few slots, which hold turn 0, 1, 2, ... of a round one behind the other. One or more ranks fill
 * every slot, each its share, and each says when it needs a turn no longer; a slot is filled again when all have
 * said so. Numbers in the ring count rounds and turns, so that a round may be left at any time: the slots of the
 * next are filled only when all ranks have begun it. A share that cannot be filled counts as filled, with a failure
 * that all ranks of the ring see. Local functions; those with a thread are for the main thread. */
#ifndef DATA_STORE_AHEAD_H
#define DATA_STORE_AHEAD_H

#include "comm/shared.h"

/* Of a rank, in the memory of the ring. */
struct ahead_share {
    struct shared_counter filled, freed; /* turns, from the first of the round on */
    struct shared_counter failed;        /* 1 + the status; its message is complete before */
    char text[STATUS_TEXT_SIZE];
};

struct ahead_ring {
    struct ahead_share *shares; /* [ranks] */
    char *memory;               /* [slots][slot_bytes] */
    int slots, ranks, rank;
    size_t slot_bytes;
    struct shared *shared; /* in which the ring lies; NULL = in memory of this rank */
    uint64_t round;        /* the same on all ranks that have begun it */
};

/* Bytes of a ring, and its pointers into such a block, which is zeroed. `round` begins at 0. */
size_t ahead_ring_bytes(int ranks, int slots, size_t slot_bytes);
void ahead_ring_set(struct ahead_ring *ring, void *block, int ranks, int rank, int slots, size_t slot_bytes);

/* What the thread does. */
struct ahead_work {
    enum status (*open)(void *self); /* first and last, in the thread */
    void (*close)(void *self);
    enum status (*fill)(void *self, int64_t turn, char *slot); /* this rank's share */
    void *self;
};

/* Starts the thread and waits until it has opened. Errors: those of open; STATUS_OTHER, memory. */
struct ahead;
enum status ahead_create(struct ahead **out, const struct ahead_work *work);
void ahead_destroy(struct ahead **a);

/* Leaves what is being filled, and returns when the thread is idle. */
void ahead_stop(struct ahead *a);

/* Begins a new round of the ring: turns first .. end-1. The thread is idle. */
void ahead_start(struct ahead *a, struct ahead_ring *ring, int64_t first, int64_t end);

/* This rank needs no turn before `turn` any longer. */
void ahead_free_before(struct ahead_ring *ring, int64_t turn);

/* Waits until all shares of a turn are filled, and returns its slot. */
const char *ahead_wait(const struct ahead_ring *ring, int64_t turn);

/* The first failure of the ring, with its message. */
enum status ahead_status(const struct ahead_ring *ring);

#endif
