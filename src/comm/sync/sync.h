/* sync.h - gradients of virtual ranks in, new parameters out.
 *
 * Tree (the default). Parameters, optimizer slots and all gradients of a node lie in one shared block.
 * A step:
 *   1. a rank takes its virtual ranks in groups and writes one gradient per group (sync_gradient). Complete
 *      subtrees are added as they form. With each group it hands over the records of its virtual ranks and
 *      its requests (sync_group_done).
 *   2. sync_collect: every rank gets the sum of all records and all requests, so that all decide alike.
 *   3. sync_apply: the vector is cut into buckets, and local rank i owns part i of each. The owner adds the
 *      subtrees of its part in tree order, block by block in cache, and hands each block to the optimizer,
 *      which writes the new parameters where every rank of the node reads them. Or sync_skip: nothing
 *      changes. What needs the whole gradient before the update, such as its norm, visits it in sweeps before
 *      (sync_sweep).
 * Between nodes, local rank i exchanges only part i of each bucket with the ranks i of the other nodes:
 * gradients out and in, ordered sum and update of the part that it owns, parameters out and in. Gradients of
 * early buckets move while earlier layers compute, as far as MPI moves messages without being called.
 * Cost of a step on one node: n floats per rank read once per subtree and n / ranks written; between nodes
 * every part travels out and in about once. A rank waits only for gradients and parameters that it needs.
 *
 * Allreduce (the reference): private copies, MPI_Allreduce of n floats, the whole update on every rank.
 *
 * Vectors are [count], count a multiple of 16. "Collective" means all ranks. */
#ifndef COMM_SYNC_SYNC_H
#define COMM_SYNC_SYNC_H

#include <stdbool.h>

#include "comm/comm.h"
#include "comm/tree.h"

#define SYNC_SLOTS 4

struct kernels;
struct sync;

struct sync_spec {
    const struct kernels *kernels;
    int64_t count; /* floats in the parameter vector, a multiple of 16 */
    int slots;     /* vectors of optimizer state, at most SYNC_SLOTS */
    int virtual_ranks;
    int max_group; /* virtual ranks in one group, at most */
    bool tree;     /* false = allreduce */

    /* What every virtual rank reports of its pass: a struct of the caller without pointers. `add` adds one to
     * a sum; a sum begins as zero bytes. */
    size_t record_bytes;
    void (*add)(void *sum, const void *record);
};

/* What ranks ask of all ranks at the end of a step. All ranks get the requests of all. */
struct sync_requests {
    uint64_t bits;      /* meanings are the caller's; OR-ed */
    int64_t bad_passes; /* passes with a gradient that is not finite; added */
};

/* On failure *out is NULL. Errors: STATUS_OTHER when memory is short, STATUS_CONFIG when the sizes exceed
 * MPI's counts. Collective. */
enum status sync_create(struct sync **out, struct comm *comm, const struct sync_spec *spec);
void sync_destroy(struct sync **s); /* collective */

/* Returns the parameter vector; waits until all ranks of the node have taken the last step. It may be read
 * until this rank's last sync_group_done of the next step. Local. */
float *sync_params(struct sync *s);

/* Fills the parameters: one rank per copy calls `fill`, which must write the same values everywhere.
 * Collective. */
void sync_fill_params(struct sync *s, void (*fill)(void *self, float *params), void *self);

/* Returns the next group of this rank's virtual ranks in this step, [lo, hi): a subtree of the summation tree
 * with a power of two of leaves. Empty when all are done. Local. */
struct tree_node sync_group(const struct sync *s);

/* Returns where the group's gradient goes, the sum over its virtual ranks in tree order; waits as sync_params
 * does. Local. */
float *sync_gradient(struct sync *s);

/* Optional. Call with ranges from the end of the vector to its start, as a backward pass completes them, as
 * soon as the group's gradient of [first, first + count) is complete. Local. */
void sync_grads_ready(struct sync *s, int64_t first, int64_t count);

/* Ends the group: its whole gradient is complete. `records` are those of its virtual ranks, [hi -
 * lo][record_bytes]; `requests` are what this rank asks of all. After the last group this rank must not read
 * the parameters any more. Local. */
void sync_group_done(struct sync *s, const void *records, struct sync_requests requests);

/* Whether calls of sync_grads_ready gain anything: only between nodes, for long vectors. Local. */
bool sync_uses_ready(const struct sync *s);

/* Writes the sum of all virtual ranks' records, added in their order, to `sum` [record_bytes] and returns all
 * requests; the same on every rank. Waits for all ranks. Collective. One of sync_apply and sync_skip must
 * follow. */
struct sync_requests sync_collect(struct sync *s, void *sum);

/* Called for [first, first + count) in the parts that this rank owns: whole cells of SYNC_CELL floats, which
 * have the same bounds at any rank count (the vector's last cell may be shorter). `grads` are sums over the
 * global batch; all are [count]. */
typedef void sync_visit(void *self, int64_t first, int64_t count, float *params, const float *grads,
                        float *const slots[SYNC_SLOTS]);
#define SYNC_CELL ((int64_t)256)

/* Visits the gradient before the update; `visit` may change slots only. Collective. */
void sync_sweep(struct sync *s, sync_visit *visit, void *self);

/* Gives every rank the values that visits have set, each on the owner of its part and 0 on the others: exact.
 * Collective. */
void sync_merge(struct sync *s, double *values, int64_t count);

/* End the step: visits write all parameters, or nothing changes. Collective. */
void sync_apply(struct sync *s, sync_visit *visit, void *self);
void sync_skip(struct sync *s);

/* Replaces parameters and slots, between two steps: `fill` writes them on rank 0, [count] each, from where
 * they are copied to all others. Every rank returns what `fill` returned. Collective. */
enum status sync_restore(struct sync *s,
                         enum status (*fill)(void *self, float *params, float *const slots[SYNC_SLOTS]),
                         void *self);

/* Gathers optimizer slot `index` on the first node and returns it. The ranks of that node may read it until
 * the next step's update; on other nodes it is undefined. Collective. */
const float *sync_gather_slot(struct sync *s, int index);

/* Gives every node slot `index`, which its ranks may read until the next step's update. Collective. */
const float *sync_share_slot(struct sync *s, int index);

/* Records from now on, in every step, a hash of every copy of the parameters (one per node for tree, per rank
 * for allreduce), for sync_compare. Costs each step of several nodes one more reading of the parameters,
 * which their ranks share. Collective. Errors: STATUS_OTHER, memory. */
enum status sync_audit(struct sync *s);

/* Parameters that differ: one, or the part of the vector in which one differed in an earlier step. */
struct sync_difference {
    int64_t first, count;
};

/* Between two steps: compares all copies as they are and as they were since sync_audit. Two small messages.
 * Collective. Errors, on all ranks alike: STATUS_DIFFERS, whose message names the nodes that differ from the
 * majority, or all nodes if there is no majority. */
enum status sync_compare(struct sync *s, struct sync_difference *found);

/* Bytes of shared memory per node. Local. */
size_t sync_shared_bytes(const struct sync *s);

#endif
