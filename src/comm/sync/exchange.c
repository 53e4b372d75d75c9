/* exchange.c - the exchange of a step between nodes.
 *
 * Every bucket goes through three stages, in order:
 *   started: all ranks of the node are past it. This node's sums of the peers' parts are being sent.
 *   received: the other nodes' sums of this rank's part have arrived.
 *   finished: all messages have ended.
 * Between the layers of a backward pass buckets are started and received as far as possible. When the records
 * of all nodes decide that the step counts, every owner adds all sums of its part in tree order, updates, and
 * sends the new parameters; a step that is skipped only ends its messages.
 *
 * Why nothing is overwritten that another rank still reads, and no ranks wait in a circle, in addition to
 * ready.c:
 * - A rank marks a step as done when its messages have ended. What was sent, received or held in it may then
 *   be written again, and parameters from other nodes are visible to all ranks that find every rank of the
 *   node done.
 * - Parameters of the peers' parts may arrive once the records of all nodes have: then all ranks of the node
 *   have finished their passes.
 * - Other nodes' records of step t + 1 arrive when all ranks of the node have marked their own: by then they
 *   have added up those of step t. The first rank marks that all have arrived, after MPI has written them.
 * - A bucket starts when gradients are ready, which waits for nothing of the same step; an update waits for
 *   messages that were started without waiting for any other. Waiting ranks keep polling MPI. */
#include <string.h>

#include "comm/sync/private.h"
#include "core/system/trace.h"
#include "comm/activity.h"

static bool have_ended(int count, MPI_Request *requests)
{
    int all;
    MPI_Testall(count, requests, &all, MPI_STATUSES_IGNORE);
    return all;
}

/* Whether the records of all nodes have arrived. The first rank of each node sends those of its node. */
static bool receive_records(struct sync *s)
{
    struct exchange *e = &s->exchange;
    if (s->comm->local_rank == 0) {
        if (e->records_started == s->step) {
            if (!sync_is_ready(s, s->bucket_count)) return false;
            MPI_Startall(2 * e->peers, exchange_record_requests(s));
            e->records_started++;
        }
        if (have_ended(2 * e->peers, exchange_record_requests(s)))
            shared_raise(s->records_there, s->step + 1);
    }
    return shared_reached(s->records_there, s->step + 1);
}

/* Copies this node's sums of a part, one subtree after the other. */
static void pack_part(struct sync *s, struct sync_part part, float *to)
{
    const float *values[TREE_DEPTH];
    for (int64_t at = 0; at < part.count; at += SYNC_BLOCK) {
        int64_t count = part.count - at < SYNC_BLOCK ? part.count - at : SYNC_BLOCK;
        int held = sync_sum_block(s, s->subtrees, s->subtree_count, part.first + at, count, values);
        for (int k = 0; k < held; k++)
            memcpy(to + k * part.count + at, values[k], (size_t)count * sizeof(float));
    }
}

static bool can_start_bucket(const struct sync *s)
{
    int next = s->exchange.started;
    return next < s->bucket_count && sync_is_ready(s, next + 1);
}

/* Each sum is sent as soon as it is computed, first to the next node, so that not all nodes send to the same
 * one. */
static void start_bucket(struct sync *s)
{
    struct exchange *e = &s->exchange;
    int bucket = e->started++;
    MPI_Request *requests = exchange_requests(e, bucket);
    MPI_Startall(e->peers, requests + GRADS_IN * e->peers);
    for (int i = 0; i < e->peers; i++) {
        int peer = (s->comm->node_index + i) % e->peers;
        float *sums = e->outgoing[bucket * e->peers + peer];
        if (e->send) pack_part(s, exchange_part(s, bucket, exchange_node(s, peer)), sums);
        MPI_Start(&requests[GRADS_OUT * e->peers + peer]);
    }
}

/* Whether the other nodes' sums of this rank's part of the next bucket have arrived. */
static bool receive_bucket(struct sync *s)
{
    struct exchange *e = &s->exchange;
    if (e->received == e->started ||
        !have_ended(e->peers, exchange_requests(e, e->received) + GRADS_IN * e->peers))
        return false;
    e->received++;
    return true;
}

void exchange_advance(struct sync *s)
{
    if (s->comm->column == MPI_COMM_NULL) return;
    while (receive_bucket(s) || can_start_bucket(s))
        if (can_start_bucket(s)) start_bucket(s);
}

/* A wait, for messages or for the ranks of this node that must be ready before any can be sent. */
struct wait {
    int polls;
    unsigned looks; /* polls, yielding ones included */
    int count;      /* of the messages, one or more kinds of [peers] */
    MPI_Request *requests;
};

#define LOOKS_PER_REPORT 256 /* a poll that yields and polls a network may take a millisecond */

/* Records which node or rank is missing, for the watchdog. */
static void report_missing(const struct sync *s, const struct wait *w)
{
    for (int i = 0; i < w->count; i++) {
        int ended;
        MPI_Request_get_status(w->requests[i], &ended, MPI_STATUS_IGNORE);
        if (ended) continue;
        activity_begin_wait(ACTIVITY_WAIT_NODE, exchange_node(s, i % s->exchange.peers));
        return;
    }
    if (w->count > 0) return;
    int rank = 0;
    while (rank < s->comm->local_size && sync_has_finished(s, rank)) rank++;
    /* If all have finished, the first rank has the records. */
    activity_begin_wait(ACTIVITY_WAIT_RANK, rank % s->comm->local_size);
}

/* Call after an unsuccessful poll. Finding out who is missing costs more than a poll, and is needed only in
 * long waits. */
static void pause_wait(const struct sync *s, struct wait *w)
{
    if (w->looks == 0) activity_begin_wait(ACTIVITY_WAIT_NODES, 0);
    if (++w->looks % LOOKS_PER_REPORT == 0) report_missing(s, w);
    shared_pause(s->shared, &w->polls);
}

static void end_wait(const struct wait *w)
{
    if (w->looks > 0) activity_end_wait();
}

void exchange_records(struct sync *s)
{
    struct exchange *e = &s->exchange;
    struct wait w = {.requests = exchange_record_requests(s)};
    double start = trace_begin();
    for (; !receive_records(s); exchange_advance(s)) {
        w.count = s->comm->local_rank == 0 && e->records_started > s->step ? 2 * e->peers : 0;
        pause_wait(s, &w);
    }
    end_wait(&w);
    trace_end(start, TRACE_WAIT, "wait", 0);
}

/* Waits until `buckets` buckets are received. */
static void wait_received(struct sync *s, int buckets)
{
    struct exchange *e = &s->exchange;
    struct wait w = {0};
    double start = trace_begin();
    exchange_advance(s);
    for (; e->received < buckets; exchange_advance(s)) {
        w.count = e->received < e->started ? e->peers : 0;
        w.requests = exchange_requests(e, e->received) + GRADS_IN * e->peers;
        pause_wait(s, &w);
    }
    end_wait(&w);
    trace_end(start, TRACE_WAIT, "wait", 0);
}

static void visit_bucket(struct sync *s, int bucket, sync_visit *visit, void *self)
{
    struct exchange *e = &s->exchange;
    sync_visit_part(s, exchange_part(s, bucket, s->comm->node_index),
                    e->subtrees + (int64_t)bucket * e->subtree_count, e->subtree_count, 0, visit, self);
}

void exchange_sweep(struct sync *s, sync_visit *visit, void *self)
{
    if (s->comm->column == MPI_COMM_NULL) return;
    for (int b = 0; b < s->bucket_count; b++) {
        wait_received(s, b + 1);
        visit_bucket(s, b, visit, self);
    }
}

/* Waits until all messages have ended. */
static void wait_finished(struct sync *s)
{
    struct exchange *e = &s->exchange;
    struct wait w = {.count = EXCHANGE_KINDS * e->peers};
    double start = trace_begin();
    while (e->finished < s->bucket_count) {
        w.requests = exchange_requests(e, e->finished);
        if (have_ended(w.count, w.requests))
            e->finished++;
        else
            pause_wait(s, &w);
    }
    end_wait(&w);
    e->started = e->received = e->finished = 0;
    trace_end(start, TRACE_WAIT, "wait", 0);
}

void exchange_apply(struct sync *s, sync_visit *visit, void *self)
{
    struct exchange *e = &s->exchange;
    if (s->comm->column == MPI_COMM_NULL) return;
    for (int b = 0; b < s->bucket_count; b++)
        MPI_Startall(e->peers, exchange_requests(e, b) + PARAMS_IN * e->peers);
    for (int b = 0; b < s->bucket_count; b++) {
        wait_received(s, b + 1);
        visit_bucket(s, b, visit, self);
        MPI_Startall(e->peers, exchange_requests(e, b) + PARAMS_OUT * e->peers);
    }
    wait_finished(s);
}

void exchange_skip(struct sync *s)
{
    if (s->comm->column == MPI_COMM_NULL) return;
    wait_received(s, s->bucket_count);
    wait_finished(s);
}

void exchange_gather_slot(struct sync *s, float *slot)
{
    struct exchange *e = &s->exchange;
    int me = s->comm->node_index;
    if (s->comm->column == MPI_COMM_NULL) return;
    for (int b = 0; b < s->bucket_count; b++) {
        for (int j = 0; j < s->comm->nodes; j++) {
            struct sync_part part = exchange_part(s, b, j);
            e->part_counts[j] = (int)part.count;
            e->part_offsets[j] = (int)part.first;
        }
        MPI_Gatherv(me == 0 ? MPI_IN_PLACE : slot + e->part_offsets[me], e->part_counts[me], MPI_FLOAT, slot,
                    e->part_counts, e->part_offsets, MPI_FLOAT, 0, s->comm->column);
    }
}
