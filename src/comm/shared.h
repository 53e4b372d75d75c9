/* shared.h - memory that the ranks of a node share, and how they wait for each other.
 *
 * Backed by MPI_Win_allocate_shared. A block is zeroed, aligned to 64 bytes, and visible at once to all ranks
 * of the node; barriers and counters order what they write. When ranks outnumber cores a waiting rank gives its
 * core away at once, otherwise after some polls. */
#ifndef COMM_SHARED_H
#define COMM_SHARED_H

#include <stdatomic.h>
#include <stddef.h>

#include "comm/comm.h"
#include "core/mem.h"

struct shared;

/* `bytes` must be equal on all ranks of the node; `what` names the block in the message. Collective over all
 * ranks. Errors: STATUS_OTHER when the node's shared-memory file system is too small. */
enum status shared_create(struct shared **out, struct comm *comm, size_t bytes, const char *what);
void shared_destroy(struct shared **s); /* collective */

void *shared_base(const struct shared *s);

/* All ranks of the node arrive before any leaves, and what they wrote before is seen after. Collective over
 * the node. */
void shared_barrier(struct shared *s);

/* A number in a shared block that one rank raises and others wait for. Alone in its cache line, because one
 * rank writes where the others look all the time. What the rank wrote before it raised the number is seen by
 * everyone who finds it raised. */
struct shared_counter {
    _Alignas(MEM_ALIGN) atomic_uint_fast64_t value;
};

void shared_raise(struct shared_counter *c, uint64_t value);
bool shared_reached(const struct shared_counter *c, uint64_t value);

/* The pause after an unsuccessful look at anything else that is waited for; *polls is 0 before the first. Local. */
void shared_pause(const struct shared *s, int *polls);

/* Waits until the counters of all ranks of the node, [local_size], have reached `value`. Local. */
void shared_wait(const struct shared *s, const struct shared_counter *counters, uint64_t value);

#endif
