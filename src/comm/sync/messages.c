/* messages.c - every message between nodes in a step, planned once as a persistent request.
 *
 * The ranks with local rank i of all nodes form column i and own part i of each bucket. Within the column,
 * node j's rank owns part j of that: it receives every other node's subtrees of its part and sends them the
 * new parameters. The first column also passes the records on. Ranks beyond the smallest node's size are in
 * no column.
 *
 * A message's memory belongs to MPI from its start to its end. All messages of a step end in it (exchange.c),
 * so that in the next step all memory may be used again. */
#include <limits.h>

#include "comm/sync/private.h"
#include "core/mem.h"

int exchange_node(const struct sync *s, int peer)
{
    return peer + (peer >= s->comm->node_index);
}

struct sync_part exchange_part(const struct sync *s, int bucket, int node)
{
    struct sync_part mine = sync_cut(sync_bucket(s, bucket), s->comm->columns, s->comm->local_rank);
    return sync_cut(mine, s->comm->nodes, node);
}

MPI_Request *exchange_requests(const struct exchange *e, int bucket)
{
    return e->requests + (int64_t)bucket * EXCHANGE_KINDS * e->peers;
}

MPI_Request *exchange_record_requests(const struct sync *s)
{
    return exchange_requests(&s->exchange, s->bucket_count);
}

/* Returns the subtrees that a node holds after its ranks' subtrees are added. */
static struct tree_stack find_held(const struct sync *s, int node)
{
    struct comm *c = s->comm;
    int lo = tree_range(s->leaves, c->node_first[node], c->size).lo;
    int hi = tree_range(s->leaves, c->node_first[node + 1] - 1, c->size).hi;
    return tree_cover(s->leaves, (struct tree_node){lo, hi}, 1, NULL);
}

/* Whether sums are copied to be sent: a single subtree, of a node with one rank, is sent from where it is. */
static bool is_packed(const struct sync *s)
{
    return s->subtree_count > 1;
}

/* Counts the subtrees, and the floats of all messages. */
static enum status measure_messages(struct sync *s, int64_t *send_floats, int64_t *receive_floats)
{
    struct exchange *e = &s->exchange;
    int me = s->comm->node_index;
    int64_t longest = 0;
    e->held = find_held(s, me).height;
    e->subtree_count = s->subtree_count;
    *send_floats = *receive_floats = 0;
    for (int p = 0; p < e->peers; p++) {
        int held = find_held(s, exchange_node(s, p)).height;
        e->subtree_count += held;
        for (int b = 0; b < s->bucket_count; b++) {
            int64_t out = e->held * exchange_part(s, b, exchange_node(s, p)).count;
            int64_t in = held * exchange_part(s, b, me).count;
            *send_floats += is_packed(s) ? out : 0;
            *receive_floats += in;
            if (out > longest) longest = out;
            if (in > longest) longest = in;
        }
    }
    if (longest > INT_MAX)
        return status_fail(
            STATUS_CONFIG,
            "the model has more parameters than one message between nodes can hold; use more ranks per node");
    return STATUS_OK;
}

static enum status allocate_messages(struct sync *s)
{
    struct exchange *e = &s->exchange;
    size_t nodes = (size_t)s->comm->nodes, buckets = (size_t)s->bucket_count, peers = (size_t)e->peers;
    int64_t send_floats, receive_floats;
    TRY(measure_messages(s, &send_floats, &receive_floats));
    TRY(mem_alloc(&e->subtrees, buckets * (size_t)e->subtree_count, sizeof *e->subtrees,
                  "subtrees of the nodes"));
    TRY(mem_alloc(&e->outgoing, buckets * peers, sizeof *e->outgoing, "exchange between nodes"));
    TRY(mem_alloc(&e->part_counts, nodes, sizeof(int), "exchange between nodes"));
    TRY(mem_alloc(&e->part_offsets, nodes, sizeof(int), "exchange between nodes"));
    TRY(mem_alloc(&e->send, (size_t)send_floats, sizeof(float), "gradients to other nodes"));
    TRY(mem_alloc(&e->receive, (size_t)receive_floats, sizeof(float), "gradients from other nodes"));
    return mem_alloc(&e->requests, (buckets * EXCHANGE_KINDS + 2) * peers, sizeof(MPI_Request),
                     "messages between nodes");
}

/* Plans the four messages between this rank and a peer. What one sends as GRADS_OUT, the other receives as
 * GRADS_IN. */
static void plan_messages(struct sync *s, int bucket, int peer, float *in, int64_t in_floats)
{
    struct exchange *e = &s->exchange;
    MPI_Request *r = exchange_requests(e, bucket) + peer;
    int node = exchange_node(s, peer), tag = 2 * bucket;
    struct sync_part mine = exchange_part(s, bucket, s->comm->node_index),
                     theirs = exchange_part(s, bucket, node);
    MPI_Recv_init(in, (int)in_floats, MPI_FLOAT, node, tag, s->comm->column, r + GRADS_IN * e->peers);
    MPI_Send_init(e->outgoing[bucket * e->peers + peer], (int)(e->held * theirs.count), MPI_FLOAT, node, tag,
                  s->comm->column, r + GRADS_OUT * e->peers);
    MPI_Recv_init(s->params + theirs.first, (int)theirs.count, MPI_FLOAT, node, tag + 1, s->comm->column,
                  r + PARAMS_IN * e->peers);
    MPI_Send_init(s->params + mine.first, (int)mine.count, MPI_FLOAT, node, tag + 1, s->comm->column,
                  r + PARAMS_OUT * e->peers);
}

/* Plans the messages of a bucket; takes memory from *send and *receive. */
static void plan_bucket(struct sync *s, int bucket, float **send, float **receive)
{
    struct exchange *e = &s->exchange;
    int me = s->comm->node_index;
    struct sync_part mine = exchange_part(s, bucket, me);
    struct subtree *subtree = e->subtrees + (int64_t)bucket * e->subtree_count;
    for (int j = 0; j < s->comm->nodes; j++) {
        if (j == me) {
            for (int i = 0; i < s->subtree_count; i++)
                *subtree++ = (struct subtree){s->subtrees[i].vector + mine.first, s->subtrees[i].node};
            continue;
        }
        int peer = j - (j > me);
        struct tree_stack held = find_held(s, j);
        struct sync_part theirs = exchange_part(s, bucket, j);
        e->outgoing[bucket * e->peers + peer] = is_packed(s) ? *send : s->gradients + theirs.first;
        plan_messages(s, bucket, peer, *receive, held.height * mine.count);
        for (int k = 0; k < held.height; k++, *receive += mine.count)
            *subtree++ = (struct subtree){*receive, held.nodes[k]};
        if (is_packed(s)) *send += e->held * theirs.count;
    }
}

/* Plans the messages among the first ranks of all nodes. */
static void plan_record_messages(struct sync *s)
{
    int me = s->comm->node_index, tag = 2 * s->bucket_count, peers = s->exchange.peers;
    MPI_Request *r = exchange_record_requests(s);
    for (int p = 0; p < peers; p++) {
        int node = exchange_node(s, p);
        MPI_Recv_init(s->records + s->record_offsets[node], s->record_counts[node], MPI_BYTE, node, tag,
                      s->comm->column, &r[p]);
        MPI_Send_init(s->records + s->record_offsets[me], s->record_counts[me], MPI_BYTE, node, tag,
                      s->comm->column, &r[peers + p]);
    }
}

enum status exchange_create(struct sync *s)
{
    struct exchange *e = &s->exchange;
    if (s->comm->column == MPI_COMM_NULL) return STATUS_OK;
    e->peers = s->comm->nodes - 1;
    TRY(allocate_messages(s));
    float *send = e->send, *receive = e->receive;
    for (int b = 0; b < s->bucket_count; b++) plan_bucket(s, b, &send, &receive);
    e->request_count = s->bucket_count * EXCHANGE_KINDS * e->peers;
    if (s->comm->local_rank > 0) return STATUS_OK;
    plan_record_messages(s);
    e->request_count += 2 * e->peers;
    return STATUS_OK;
}

/* No message is active: every step ends those that it started. */
void exchange_destroy(struct exchange *e)
{
    for (int i = 0; i < e->request_count; i++) MPI_Request_free(&e->requests[i]);
    void *all[] = {&e->subtrees,     &e->outgoing, &e->send,       &e->receive,
                   &e->part_offsets, &e->requests, &e->part_counts};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) mem_free(all[i]);
}
