/* totals.c - sums over all virtual ranks, in the order of the summation tree. */
#include "comm/totals.h"

#include <string.h>

#include "comm/comm_private.h"
#include "core/mem.h"

/* The nodes that a rank's virtual ranks add up to. */
static struct tree_stack totals_cover(const struct totals *t, int rank)
{
    return tree_cover(t->leaves, tree_range(t->leaves, rank, t->comm->size), 1, NULL);
}

static enum status totals_allocate(struct totals *t)
{
    size_t ranks = (size_t)t->comm->size, most = (size_t)t->max_count, nodes = 0;
    struct tree_node mine = tree_range(t->leaves, t->comm->rank, t->comm->size);
    TRY(mem_alloc(&t->counts, ranks, sizeof *t->counts, "sums over all ranks"));
    TRY(mem_alloc(&t->offsets, ranks, sizeof *t->offsets, "sums over all ranks"));
    TRY(mem_alloc(&t->heights, ranks, sizeof *t->heights, "sums over all ranks"));
    for (int r = 0; r < t->comm->size; r++) nodes += (size_t)(t->heights[r] = totals_cover(t, r).height);
    TRY(mem_alloc(&t->records, (size_t)(mine.hi - mine.lo) * most, sizeof *t->records,
                  "sums over all ranks"));
    TRY(mem_alloc(&t->sums, most, sizeof *t->sums, "sums over all ranks"));
    TRY(mem_alloc(&t->stack, TREE_DEPTH * most, sizeof *t->stack, "sums over all ranks"));
    return mem_alloc(&t->nodes, nodes * most, sizeof *t->nodes, "sums over all ranks");
}

enum status totals_init(struct totals *t, struct comm *comm, int leaves, int64_t max_count)
{
    *t = (struct totals){.comm = comm, .leaves = leaves, .max_count = max_count};
    enum status status = totals_allocate(t);
    if (status != STATUS_OK) totals_free(t);
    return status;
}

void totals_free(struct totals *t)
{
    void *all[] = {&t->records, &t->sums, &t->stack, &t->nodes, &t->counts, &t->offsets, &t->heights};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) mem_free(all[i]);
}

/* Puts the node's numbers on the stack, and adds what they complete. */
static void totals_push(struct totals *t, struct tree_stack *stack, struct tree_node node, int64_t count,
                        const double *values)
{
    double *top = t->stack + stack->height * count;
    memcpy(top, values, (size_t)count * sizeof *top);
    for (int merges = tree_push(stack, node); merges > 0; merges--, top -= count)
        for (int64_t i = 0; i < count; i++) top[i - count] += top[i];
}

const double *totals_add(struct totals *t, int64_t count)
{
    struct tree_node mine = tree_range(t->leaves, t->comm->rank, t->comm->size);
    struct tree_stack own = {.leaves = t->leaves}, all = {.leaves = t->leaves};
    int offset = 0;
    for (int r = 0; r < t->comm->size; r++) {
        t->counts[r] = t->heights[r] * (int)count;
        t->offsets[r] = offset;
        offset += t->counts[r];
    }
    for (int v = mine.lo; v < mine.hi; v++)
        totals_push(t, &own, (struct tree_node){v, v + 1}, count, t->records + (v - mine.lo) * count);
    memcpy(t->nodes + t->offsets[t->comm->rank], t->stack, (size_t)(own.height * count) * sizeof *t->nodes);
    if (t->comm->size > 1)
        MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DOUBLE, t->nodes, t->counts, t->offsets, MPI_DOUBLE,
                       t->comm->world);
    const double *at = t->nodes;
    for (int r = 0; r < t->comm->size; r++) {
        struct tree_stack of_rank = totals_cover(t, r);
        for (int i = 0; i < of_rank.height; i++, at += count)
            totals_push(t, &all, of_rank.nodes[i], count, at);
    }
    memcpy(t->sums, t->stack, (size_t)count * sizeof *t->sums);
    return t->sums;
}
