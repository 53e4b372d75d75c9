/* shared.h - memory that the ranks of a node share, and waiting within a node.
 *
 * Backed by MPI_Win_allocate_shared. A block is zeroed, aligned to 64 bytes, and visible at once to all ranks
 * of the node; barriers and counters order their writes. Where ranks outnumber cores a waiting rank yields
 * its core at once, otherwise after some polls. */
#ifndef COMM_SHARED_H
#define COMM_SHARED_H

#include <stdatomic.h>
#include <stddef.h>

#include "comm/comm.h"
#include "core/mem.h"

struct shared;

/* `bytes` must be equal on all ranks of the node; `what` names the block in the message. On failure *out is
 * NULL. Collective over all ranks. Errors: STATUS_OTHER when memory is short or the node's shared-memory file
 * system too small. */
enum status shared_create(struct shared **out, struct comm *comm, size_t bytes, const char *what);
void shared_destroy(struct shared **s); /* collective */

/* Returns the bytes that each node of this machine may still share, and the folder that holds them; infinite where
 * a rank has its node alone. Local. */
double shared_room(const struct comm *comm, const char **folder);

void *shared_base(const struct shared *s);

/* Waits until all ranks of the node have arrived; what they wrote before is visible after. Collective over
 * the node. */
void shared_barrier(struct shared *s);

/* A number in a shared block that one rank raises and others wait for. It has a cache line of its own,
 * because the others read it all the time. What the rank wrote before it raised the number is visible to
 * every rank that finds it raised. */
struct shared_counter {
    _Alignas(MEM_ALIGN) atomic_uint_fast64_t value;
};

void shared_raise(struct shared_counter *c, uint64_t value);
bool shared_reached(const struct shared_counter *c, uint64_t value);

/* Pauses between two polls in a wait for anything else; *polls is 0 before the first pause. Local. */
void shared_pause(const struct shared *s, int *polls);

/* Waits until the counters of all ranks of the node, [local_size], have reached `value`. Local. */
void shared_wait(const struct shared *s, const struct shared_counter *counters, uint64_t value);

#endif
