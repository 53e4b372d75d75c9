/* sync_exchange.c - slices between nodes.
 *
 * The ranks with local rank i of all nodes form column i and own slice i. Node j's rank of the column updates
 * part j of the slice: it receives every node's held subtrees of that part, adds them in tree order, updates,
 * and the column gathers the new parameters. Ranks beyond the smallest node's size are in no column and only
 * wait. */
#include <limits.h>
#include <string.h>

#include "comm/sync_private.h"
#include "ddp/mem.h"

/* The subtrees that a node holds once its ranks' pieces are added. */
static struct tree_stack held_by_node(const struct sync *s, int node)
{
    struct comm *c = s->comm;
    int lo = tree_range(s->leaves, c->node_first[node], c->size).lo;
    int hi = tree_range(s->leaves, c->node_first[node + 1] - 1, c->size).hi;
    return tree_cover(s->leaves, (struct tree_node){lo, hi}, 1, NULL);
}

static enum status allocate_tables(struct exchange *e, size_t nodes)
{
    int **tables[] = {&e->held,           &e->send_counts,     &e->send_offsets,
                      &e->receive_counts, &e->receive_offsets, &e->part_counts,
                      &e->part_offsets};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        TRY(mem_alloc(tables[i], nodes, sizeof(int), "exchange between nodes"));
    return mem_alloc(&e->parts, nodes, sizeof *e->parts, "exchange between nodes");
}

/* Appends a message of `floats` at *total to the tables, in MPI's ints. */
static enum status append(int64_t floats, int64_t *total, int *count, int *offset)
{
    if (*total + floats > INT_MAX)
        return status_fail(STATUS_CONFIG,
                           "more parameters than can be exchanged between nodes; use more ranks per node");
    *count = (int)floats;
    *offset = (int)*total;
    *total += floats;
    return STATUS_OK;
}

/* Counts and offsets: to node j go this node's subtrees of part j, from node j come its subtrees of our part. */
static enum status plan_messages(struct sync *s, int64_t *send_floats, int64_t *receive_floats)
{
    struct exchange *e = &s->exchange;
    int me = s->comm->node_index, nodes = s->comm->nodes;
    for (int j = 0; j < nodes; j++) {
        e->parts[j] = sync_cut(s->slice, nodes, j);
        e->held[j] = held_by_node(s, j).height;
        e->part_counts[j] = (int)e->parts[j].count;
        e->part_offsets[j] = (int)e->parts[j].first;
        e->piece_count += e->held[j];
    }
    *send_floats = *receive_floats = 0;
    for (int j = 0; j < nodes; j++) {
        TRY(append(e->held[me] * e->parts[j].count, send_floats, &e->send_counts[j], &e->send_offsets[j]));
        TRY(append(e->held[j] * e->parts[me].count, receive_floats, &e->receive_counts[j],
                   &e->receive_offsets[j]));
    }
    return STATUS_OK;
}

enum status exchange_create(struct sync *s)
{
    struct exchange *e = &s->exchange;
    int64_t send_floats, receive_floats;
    TRY(allocate_tables(e, (size_t)s->comm->nodes));
    TRY(plan_messages(s, &send_floats, &receive_floats));
    TRY(mem_alloc(&e->send, (size_t)send_floats, sizeof(float), "gradients to other nodes"));
    TRY(mem_alloc(&e->receive, (size_t)receive_floats, sizeof(float), "gradients from other nodes"));
    TRY(mem_alloc(&e->pieces, (size_t)e->piece_count, sizeof *e->pieces, "pieces of the nodes"));

    int64_t part = e->parts[s->comm->node_index].count;
    for (int j = 0, i = 0; j < s->comm->nodes; j++) {
        struct tree_stack held = held_by_node(s, j);
        for (int k = 0; k < held.height; k++, i++)
            e->pieces[i] = (struct piece){e->receive + e->receive_offsets[j] + k * part, held.nodes[k]};
    }
    return STATUS_OK;
}

void exchange_destroy(struct exchange *e)
{
    void *all[] = {
        &e->pieces,         &e->parts,           &e->held,        &e->send_counts,  &e->send_offsets,
        &e->receive_counts, &e->receive_offsets, &e->part_counts, &e->part_offsets, &e->send,
        &e->receive};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) mem_free(all[i]);
}

/* The first rank of each node passes on the sums of its node's virtual ranks. */
void exchange_sums(struct sync *s)
{
    if (s->comm->local_rank == 0) sync_gather_sums(s, s->comm->column);
    shared_barrier(s->shared);
}

/* This node's sums of part j, one run per held subtree, ready to be sent. */
static void pack_part(struct sync *s, int j)
{
    struct exchange *e = &s->exchange;
    const float *values[TREE_DEPTH];
    int64_t part = e->parts[j].count;
    for (int64_t at = 0; at < part; at += SYNC_BLOCK) {
        int64_t count = part - at < SYNC_BLOCK ? part - at : SYNC_BLOCK;
        int held = sync_sum_block(s, s->pieces, s->piece_count, e->parts[j].first + at, count, values);
        for (int k = 0; k < held; k++)
            memcpy(e->send + e->send_offsets[j] + k * part + at, values[k], (size_t)count * sizeof(float));
    }
}

static void apply_part(struct sync *s, sync_update *apply, void *self)
{
    struct exchange *e = &s->exchange;
    struct slice part = e->parts[s->comm->node_index];
    const float *values[TREE_DEPTH];
    for (int64_t at = 0; at < part.count; at += SYNC_BLOCK) {
        int64_t count = part.count - at < SYNC_BLOCK ? part.count - at : SYNC_BLOCK, first = part.first + at;
        sync_sum_block(s, e->pieces, e->piece_count, at, count, values);
        sync_update_block(s, first, count, values[0], apply, self);
    }
}

void exchange_apply(struct sync *s, sync_update *apply, void *self)
{
    struct exchange *e = &s->exchange;
    if (s->comm->column == MPI_COMM_NULL) return;
    for (int j = 0; j < s->comm->nodes; j++) pack_part(s, j);
    MPI_Alltoallv(e->send, e->send_counts, e->send_offsets, MPI_FLOAT, e->receive, e->receive_counts,
                  e->receive_offsets, MPI_FLOAT, s->comm->column);
    apply_part(s, apply, self);
    MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, s->params, e->part_counts, e->part_offsets, MPI_FLOAT,
                   s->comm->column);
}

void exchange_gather_slot(struct sync *s, float *slot)
{
    struct exchange *e = &s->exchange;
    int me = s->comm->node_index;
    if (s->comm->column == MPI_COMM_NULL) return;
    MPI_Gatherv(me == 0 ? MPI_IN_PLACE : slot + e->part_offsets[me], e->part_counts[me], MPI_FLOAT, slot,
                e->part_counts, e->part_offsets, MPI_FLOAT, 0, s->comm->column);
}
