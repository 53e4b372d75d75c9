/* sync.h - gradients of virtual ranks in, new parameters out.
 *
 * Tree (the default). Parameters, optimizer slots and all gradients of a node lie in one shared block. A step:
 *   1. a rank takes its virtual ranks in groups and writes one gradient for each (sync_gradient), adding complete
 *      subtrees as they form;
 *   2. sync_collect: the node meets; every rank learns the sums of the global batch;
 *   3. sync_apply: local rank i owns slice i of the vector: it adds what the ranks of the node hold in tree order,
 *      block by block in cache, and hands each block to the optimizer, which writes the new parameters where every
 *      rank of the node reads them. Between nodes, local rank i exchanges only slice i with its peers (alltoallv,
 *      ordered sum, allgatherv). The node meets again.
 * Cost of a step on one node: n floats per rank read once per held subtree and n / ranks written, two barriers;
 * between nodes every column moves its slice out and in about once.
 *
 * Allreduce (the reference): private copies, MPI_Allreduce of n floats, the whole update on every rank.
 *
 * Vectors are [count], count a multiple of 16. "Collective" means all ranks. */
#ifndef DDP_SYNC_H
#define DDP_SYNC_H

#include <stdbool.h>

#include "ddp/comm.h"
#include "ddp/loss.h"
#include "ddp/tree.h"

#define SYNC_SLOTS 2

struct sync;

/* most: virtual ranks in one group. *out must be destroyed also after a failure. Errors: STATUS_OTHER when memory is short, STATUS_CONFIG when there is more
 * than MPI's counts hold. Collective. */
enum status sync_create(struct sync **out, struct comm *comm, int64_t count, int slots, int virtual_ranks,
                        int most, bool tree);
void sync_destroy(struct sync **s); /* collective */

/* The parameter vector, read by all ranks of the node between sync_apply and the next sync_apply. */
float *sync_params(struct sync *s);

/* Fills the parameters: one rank of every node that shares them calls `fill`, the same everywhere.
 * Collective. */
void sync_fill_params(struct sync *s, void (*fill)(void *self, float *params), void *self);

/* The next virtual ranks of this rank in this step, lo .. hi-1: a subtree of the gradient tree of a power of two of
 * leaves. Empty when all are done. Local. */
struct tree_node sync_group(const struct sync *s);

/* Where their gradient goes, added up as the tree says, and that it is there, with the sums of each, [hi - lo].
 * Local. */
float *sync_gradient(struct sync *s);
void sync_group_done(struct sync *s, const struct loss_sums *sums);

/* The sums of all virtual ranks, added in order; the same on every rank. Collective: waits for all ranks. Next must come
 * sync_apply, or sync_destroy if the step is given up. */
struct loss_sums sync_collect(struct sync *s);

/* Updates all parameters. `apply` is called for blocks of this rank's share: `grads` are sums over the global
 * batch; params, slots and grads are [count]. Collective. */
typedef void sync_update(void *self, int64_t count, float *params, const float *grads,
                         float *const slots[SYNC_SLOTS]);
void sync_apply(struct sync *s, sync_update *apply, void *self);

/* Brings optimizer slot `index` together on rank 0 and returns it there (undefined on other ranks).
 * Collective. */
const float *sync_gather_slot(struct sync *s, int index);

size_t sync_shared_bytes(const struct sync *s);

#endif
