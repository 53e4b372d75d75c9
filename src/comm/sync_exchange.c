/* sync_exchange.c - a step between nodes. Every bucket goes through three stages, in order, as far as it gets whenever
 * somebody looks:
 *   started: all ranks of the node are past it. Nobody here reads these parameters any more, so the peers' parts of
 *            them may come in from now on; this node's sums of the peers' parts go out.
 *   updated: the other nodes' sums of this rank's part are in; it adds all in tree order, updates, and sends the new
 *            parameters, which the peers expect since they sent the sums.
 *   finished: all messages have ended.
 * The loss sums go ahead: with them every rank knows the weight to divide by, and that the step is not given up.
 *
 * Why nothing is overwritten that somebody still reads, and nobody waits in a circle, as sync_ready.c puts it:
 * - A rank tells that it is done with a step when its messages have ended. What was sent, received or held in it may
 *   then be written again, and parameters from other nodes are seen by all who find every rank of the node done.
 * - Other nodes' loss sums of step t + 1 come in when all ranks of the node have told of their own: by then they have
 *   added up those of step t. The first rank tells that all are there, after MPI has written them.
 * - A bucket starts when gradients are ready, which waits for nothing of the same step; the first update of all waits
 *   for messages that were started without waiting for any other. Waiting ranks keep polling MPI. */
#include <string.h>

#include "comm/sync_private.h"
#include "ddp/trace.h"

static bool have_ended(int count, MPI_Request *requests)
{
    int all;
    MPI_Testall(count, requests, &all, MPI_STATUSES_IGNORE);
    return all;
}

/* The first rank of each node passes on the sums of its node's virtual ranks. */
bool exchange_try_sums(struct sync *s)
{
    struct exchange *e = &s->exchange;
    if (s->comm->local_rank == 0) {
        if (e->sums_started == s->step) {
            if (!sync_is_ready(s, 0)) return false;
            MPI_Startall(2 * e->peers, exchange_sum_requests(s));
            e->sums_started++;
        }
        if (have_ended(2 * e->peers, exchange_sum_requests(s))) shared_raise(s->sums_there, s->step + 1);
    }
    return shared_reached(s->sums_there, s->step + 1);
}

void exchange_sums(struct sync *s)
{
    double start = trace_begin();
    for (int polls = 0; !exchange_try_sums(s);) shared_pause(s->shared, &polls);
    trace_end(start, TRACE_WAIT, "wait", 0);
}

/* This node's sums of a part, one run per held subtree. */
static void pack_part(struct sync *s, struct slice part, float *to)
{
    const float *values[TREE_DEPTH];
    for (int64_t at = 0; at < part.count; at += SYNC_BLOCK) {
        int64_t count = part.count - at < SYNC_BLOCK ? part.count - at : SYNC_BLOCK;
        int held = sync_sum_block(s, s->pieces, s->piece_count, part.first + at, count, values);
        for (int k = 0; k < held; k++)
            memcpy(to + k * part.count + at, values[k], (size_t)count * sizeof(float));
    }
}

static bool can_start(const struct sync *s)
{
    int next = s->exchange.started;
    return next < s->bucket_count && sync_is_ready(s, next + 1);
}

/* Each sum is sent as soon as it is there, first to the node that follows, so that not all send to the same one. */
static void start_bucket(struct sync *s)
{
    struct exchange *e = &s->exchange;
    int bucket = e->started++;
    MPI_Request *requests = exchange_requests(e, bucket);
    MPI_Startall(2 * e->peers, requests + GRADS_IN * e->peers); /* and PARAMS_IN, which follow */
    for (int i = 0; i < e->peers; i++) {
        int peer = (s->comm->node_index + i) % e->peers;
        float *sums = e->outgoing[bucket * e->peers + peer];
        if (e->send) pack_part(s, exchange_part(s, bucket, exchange_node(s, peer)), sums);
        MPI_Start(&requests[GRADS_OUT * e->peers + peer]);
    }
}

static bool can_update(const struct sync *s)
{
    const struct exchange *e = &s->exchange;
    return e->updated < e->started &&
           have_ended(e->peers, exchange_requests(e, e->updated) + GRADS_IN * e->peers);
}

static void update_bucket(struct sync *s, sync_update *apply, void *self)
{
    struct exchange *e = &s->exchange;
    int bucket = e->updated++;
    struct slice part = exchange_part(s, bucket, s->comm->node_index);
    const struct piece *pieces = e->pieces + (int64_t)bucket * e->piece_count;
    const float *values[TREE_DEPTH];
    for (int64_t at = 0; at < part.count; at += SYNC_BLOCK) {
        int64_t count = part.count - at < SYNC_BLOCK ? part.count - at : SYNC_BLOCK;
        sync_sum_block(s, pieces, e->piece_count, at, count, values);
        sync_update_block(s, part.first + at, count, values[0], apply, self);
    }
    MPI_Startall(e->peers, exchange_requests(e, bucket) + PARAMS_OUT * e->peers);
}

static bool can_finish(const struct sync *s)
{
    const struct exchange *e = &s->exchange;
    return e->finished < e->updated &&
           have_ended(EXCHANGE_KINDS * e->peers, exchange_requests(e, e->finished));
}

bool exchange_try_apply(struct sync *s, sync_update *apply, void *self)
{
    struct exchange *e = &s->exchange;
    if (s->comm->column == MPI_COMM_NULL) return true;
    for (;;) {
        if (can_update(s))
            update_bucket(s, apply, self);
        else if (can_start(s))
            start_bucket(s);
        else if (can_finish(s))
            e->finished++;
        else
            return e->finished == s->bucket_count;
    }
}

void exchange_apply(struct sync *s, sync_update *apply, void *self)
{
    struct exchange *e = &s->exchange;
    while (!exchange_try_apply(s, apply, self)) {
        double start = trace_begin();
        for (int polls = 0; !can_update(s) && !can_start(s) && !can_finish(s);)
            shared_pause(s->shared, &polls);
        trace_end(start, TRACE_WAIT, "wait", 0);
    }
    e->started = e->updated = e->finished = 0;
}

void exchange_gather_slot(struct sync *s, float *slot)
{
    struct exchange *e = &s->exchange;
    int me = s->comm->node_index;
    if (s->comm->column == MPI_COMM_NULL) return;
    for (int b = 0; b < s->bucket_count; b++) {
        for (int j = 0; j < s->comm->nodes; j++) {
            struct slice part = exchange_part(s, b, j);
            e->part_counts[j] = (int)part.count;
            e->part_offsets[j] = (int)part.first;
        }
        MPI_Gatherv(me == 0 ? MPI_IN_PLACE : slot + e->part_offsets[me], e->part_counts[me], MPI_FLOAT, slot,
                    e->part_counts, e->part_offsets, MPI_FLOAT, 0, s->comm->column);
    }
}
