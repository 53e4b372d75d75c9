/* sync.h - gradients of virtual ranks in, new parameters out.
 *
 * Tree (the default). Parameters, optimizer slots and all gradients of a node lie in one shared block. A step:
 *   1. a rank takes its virtual ranks in groups and writes one gradient for each (sync_gradient), adding complete
 *      subtrees as they form, and hands over a record of each and what it requests (sync_group_done);
 *   2. sync_collect: every rank gets the sum of all records and all requests, by which all decide alike;
 *   3. sync_apply: the vector is cut into buckets; local rank i owns slice i of each: it adds what the ranks hold in
 *      tree order, block by block in cache, and hands each block to the optimizer, which writes the new parameters where
 *      every rank of the node reads them. Or sync_skip: nothing changes. What needs the whole gradient before the
 *      update, such as its norm, looks at it in sweeps before (sync_sweep). Between nodes, local rank i exchanges only
 *      slice i of each bucket with its peers: gradients out and in, ordered sum and update of its part, parameters
 *      out and in. Gradients of early buckets move while earlier layers compute, as far as MPI moves them by itself.
 * Cost of a step on one node: n floats per rank read once per held subtree and n / ranks written; between nodes every
 * column moves its slice out and in about once. Nobody waits but for gradients and parameters that it needs.
 *
 * Allreduce (the reference): private copies, MPI_Allreduce of n floats, the whole update on every rank.
 *
 * Vectors are [count], count a multiple of 16. "Collective" means all ranks. */
#ifndef COMM_SYNC_SYNC_H
#define COMM_SYNC_SYNC_H

#include <stdbool.h>

#include "comm/comm.h"
#include "comm/tree.h"

#define SYNC_SLOTS 3

struct sync;

struct sync_spec {
    int64_t count; /* floats in the parameter vector, a multiple of 16 */
    int slots;     /* vectors of optimizer state, at most SYNC_SLOTS */
    int virtual_ranks;
    int max_group; /* virtual ranks in one group, at most */
    bool tree;     /* false = allreduce */

    /* What every virtual rank reports of its pass: a struct of the caller without pointers. `add` adds one to a sum; a sum
     * begins as zero bytes. */
    size_t record_bytes;
    void (*add)(void *sum, const void *record);
};

/* What ranks ask of all ranks at the end of a step. All ranks get the requests of all. */
struct sync_requests {
    uint64_t bits;      /* meanings are the caller's; OR-ed */
    int64_t bad_passes; /* passes with a gradient that is not finite; added */
};

/* On failure *out is NULL. Errors: STATUS_OTHER when memory is short, STATUS_CONFIG when the sizes exceed MPI's counts.
 * Collective. */
enum status sync_create(struct sync **out, struct comm *comm, const struct sync_spec *spec);
void sync_destroy(struct sync **s); /* collective */

/* The parameter vector, once all ranks of the node have taken the last step. It may be read until this rank has told
 * of all its gradients in the next one. */
float *sync_params(struct sync *s);

/* Fills the parameters: one rank of every node that shares them calls `fill`, the same everywhere.
 * Collective. */
void sync_fill_params(struct sync *s, void (*fill)(void *self, float *params), void *self);

/* The next virtual ranks of this rank in this step, lo .. hi-1: a subtree of the gradient tree of a power of two of
 * leaves. Empty when all are done. Local. */
struct tree_node sync_group(const struct sync *s);

/* Where their gradient goes, added up as the tree says; waits as sync_params does. Then may be told, of parts from the end of
 * the vector to its start, as a backward pass leaves them: that the gradient of [first, first + count) is there. At last
 * that all of it is, with the records of the group's virtual ranks, [hi - lo][record_bytes], and what this rank requests; with
 * the last group this rank reads the parameters no more. Local. */
float *sync_gradient(struct sync *s);
void sync_grads_ready(struct sync *s, int64_t first, int64_t count);
void sync_group_done(struct sync *s, const void *records, struct sync_requests requests);

/* Whether it gains anything to tell of the parts: only between nodes, and not if the vector is short. */
bool sync_wants_parts(const struct sync *s);

/* Writes the sum of all virtual ranks' records, added in their order, to `sum` [record_bytes] and returns all requests; the same
 * on every rank. Waits for all ranks. Collective. One of sync_apply and sync_skip must follow. */
struct sync_requests sync_collect(struct sync *s, void *sum);

/* Called for runs of this rank's share of the vector, whole cells of SYNC_CELL floats that lie where the same cells lie at
 * any rank count (the vector's last one may be shorter): `grads` are sums over the global batch; all are [count]. */
typedef void sync_visit(void *self, int64_t first, int64_t count, float *params, const float *grads,
                        float *const slots[SYNC_SLOTS]);
#define SYNC_CELL ((int64_t)256)

/* Visits the gradient and leaves everything but slots as it is. Collective. */
void sync_sweep(struct sync *s, sync_visit *visit, void *self);

/* On every rank the values that each rank's visits have set for its own share, where others have left 0: exact. Collective. */
void sync_merge(struct sync *s, double *values, int64_t count);

/* Ends the step: visits write all parameters anew, or nothing changes. Collective. */
void sync_apply(struct sync *s, sync_visit *visit, void *self);
void sync_skip(struct sync *s);

/* Replaces parameters and slots, outside of a step: `fill` writes them on rank 0, [count] each, and from there they go
 * to all others. Every rank returns what `fill` did. Collective. */
enum status sync_restore(struct sync *s,
                         enum status (*fill)(void *self, float *params, float *const slots[SYNC_SLOTS]),
                         void *self);

/* Brings optimizer slot `index` together on the first node and returns it there, to be read by its ranks until the next
 * step's update (undefined on other nodes). Collective. */
const float *sync_gather_slot(struct sync *s, int index);

/* From now on sync_compare can tell whether all copies of the parameters, one a node (tree) or a rank (allreduce), were the same
 * in every step. Costs each step of several nodes one more look at the parameters, which their ranks share. Collective.
 * Errors: STATUS_OTHER, memory. */
enum status sync_audit(struct sync *s);

/* Parameters of which copies differ: one, or as many as those among which one differed in an earlier step. */
struct sync_difference {
    int64_t first, count;
};

/* Between two steps: compares what all copies are and were since sync_audit. Two small messages. Collective. Errors, on all
 * ranks alike: STATUS_DIFFERS, whose message names the nodes that are not as most are, or all if there is no such
 * majority. */
enum status sync_compare(struct sync *s, struct sync_difference *found);

size_t sync_shared_bytes(const struct sync *s);

#endif
