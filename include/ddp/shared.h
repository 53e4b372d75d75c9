/* shared.h - memory that the ranks of a node share, and a barrier for them.
 *
 * Backed by MPI_Win_allocate_shared. A block is zeroed, aligned to 64 bytes, and visible at once to all ranks
 * of the node; shared_barrier orders what they write. */
#ifndef DDP_SHARED_H
#define DDP_SHARED_H

#include <stddef.h>

#include "ddp/comm.h"

struct shared;

/* `bytes` must be equal on all ranks of the node; `what` names the block in the message. Collective over all
 * ranks. Errors: STATUS_OTHER when the node's shared-memory file system is too small. */
enum status shared_create(struct shared **out, struct comm *comm, size_t bytes, const char *what);
void shared_destroy(struct shared **s); /* collective */

void *shared_base(const struct shared *s);

/* All ranks of the node arrive before any leaves, and what they wrote before is seen after. Collective over
 * the node. */
void shared_barrier(struct shared *s);

#endif
