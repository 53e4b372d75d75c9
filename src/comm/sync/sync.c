#include <assert.h>
#include <limits.h>
#include <string.h>

#include "comm/sync/private.h"
#include "core/mem.h"

/* Layout of a node's block (tree) or of the private one (allreduce, where `holders` is 1):
 *   counters | parameters | slots | sums [V] | stack of rank first | stack of the next rank | ...
 * The counters are two of each rank and one of the node. */
static size_t lay_out(struct sync *s, char *base, int first_rank, int holders)
{
    size_t vector = (size_t)s->count * sizeof(float),
           used = (2 * (size_t)holders + 1) * sizeof *s->steps_done;
    s->gradients_ready = (struct shared_counter *)(void *)base;
    s->steps_done = base ? s->gradients_ready + holders : NULL;
    s->sums_there = base ? s->steps_done + holders : NULL;
    s->params = base ? (float *)(void *)(base + used) : NULL;
    used += vector * (size_t)(1 + s->slot_count);
    for (int i = 0; base && i < s->slot_count; i++) s->slots[i] = s->params + (i + 1) * s->count;
    s->sums = base ? (struct loss_sums *)(void *)(base + used) : NULL;
    used += ((size_t)s->leaves * sizeof *s->sums + MEM_ALIGN - 1) / MEM_ALIGN * MEM_ALIGN;

    s->piece_count = 0;
    for (int r = first_rank; r < first_rank + holders; r++) {
        int height;
        struct tree_stack held =
            tree_cover(s->leaves, tree_range(s->leaves, r, s->comm->size), s->most, &height);
        float *stack = base ? (float *)(void *)(base + used) : NULL;
        if (r == s->comm->rank) s->gradients = stack;
        for (int i = 0; i < held.height; i++, s->piece_count++)
            if (base) s->pieces[s->piece_count] = (struct piece){stack + i * s->count, held.nodes[i]};
        used += (size_t)height * vector;
    }
    return used;
}

/* Whose sums of virtual ranks come from where: from every node (tree), or from every rank. */
static enum status plan_sums(struct sync *s)
{
    const struct comm *c = s->comm;
    int groups = s->tree ? c->nodes : c->size;
    TRY(mem_alloc(&s->sum_counts, (size_t)groups, sizeof *s->sum_counts, "sums of virtual ranks"));
    TRY(mem_alloc(&s->sum_offsets, (size_t)groups, sizeof *s->sum_offsets, "sums of virtual ranks"));
    for (int g = 0; g < groups; g++) {
        int lo = tree_range(s->leaves, s->tree ? c->node_first[g] : g, c->size).lo;
        int hi = tree_range(s->leaves, s->tree ? c->node_first[g + 1] - 1 : g, c->size).hi;
        s->sum_counts[g] = (hi - lo) * (int)sizeof *s->sums;
        s->sum_offsets[g] = lo * (int)sizeof *s->sums;
    }
    return STATUS_OK;
}

static enum status allocate_tables(struct sync *s)
{
    TRY(plan_sums(s));
    TRY(mem_alloc(&s->pieces, (size_t)s->piece_count, sizeof *s->pieces, "pieces of the gradient"));
    TRY(mem_alloc(&s->blocks, (size_t)(TREE_DEPTH * SYNC_BLOCK), sizeof *s->blocks,
                  "blocks of the gradient"));
    return s->tree ? STATUS_OK : mem_alloc(&s->memory, s->bytes, 1, "parameters and gradients");
}

/* Collective. */
static enum status allocate_block(struct sync *s)
{
    int first = s->tree ? s->comm->rank - s->comm->local_rank : s->comm->rank;
    int holders = s->tree ? s->comm->local_size : 1;
    s->bytes = lay_out(s, NULL, first, holders);
    TRY(comm_agree(s->comm, allocate_tables(s)));
    if (s->tree) TRY(shared_create(&s->shared, s->comm, s->bytes, "parameters and gradients"));
    lay_out(s, s->tree ? shared_base(s->shared) : s->memory, first, holders);
    return STATUS_OK;
}

enum status sync_create(struct sync **out, struct comm *comm, int64_t count, int slots, int virtual_ranks,
                        int most, bool tree)
{
    assert(count % 16 == 0 && slots <= SYNC_SLOTS && virtual_ranks >= comm->size);
    if (virtual_ranks > TREE_MAX_LEAVES || count > INT_MAX)
        return status_fail(STATUS_CONFIG,
                           "%lld parameters or %d virtual ranks are more than can be synchronised",
                           (long long)count, virtual_ranks);
    TRY(comm_agree(comm, mem_alloc(out, 1, sizeof **out, "synchronisation")));
    struct sync *s = *out;
    s->comm = comm;
    s->tree = tree;
    s->leaves = virtual_ranks;
    s->most = most;
    s->count = count;
    s->slot_count = slots;
    s->range = tree_range(virtual_ranks, comm->rank, comm->size);
    s->stack.leaves = virtual_ranks;
    s->ready_from = count;
    sync_plan_buckets(s);
    TRY(allocate_block(s));
    if (tree && comm->nodes > 1) TRY(comm_agree(comm, exchange_create(s)));
    return STATUS_OK;
}

void sync_destroy(struct sync **sync)
{
    struct sync *s = *sync;
    if (!s) return;
    audit_destroy(&s->audit);
    exchange_destroy(&s->exchange);
    shared_destroy(&s->shared);
    mem_free(&s->sum_counts);
    mem_free(&s->sum_offsets);
    mem_free(&s->memory);
    mem_free(&s->pieces);
    mem_free(&s->blocks);
    mem_free(sync);
}

void sync_fill_params(struct sync *s, void (*fill)(void *self, float *params), void *self)
{
    if (!s->tree || s->comm->local_rank == 0) fill(self, s->params);
    if (s->tree) shared_barrier(s->shared);
}

/* Rank 0's vector to those who hold one of their own: the first rank of every other node, or (allreduce) every rank. */
static void spread(struct sync *s, float *vector)
{
    MPI_Comm holders = s->tree ? s->comm->column : s->comm->world;
    if (s->tree && s->comm->local_rank > 0) return;
    for (int64_t at = 0; at < s->count; at += COMM_PART)
        MPI_Bcast(vector + at, comm_part_of(s->count - at), MPI_FLOAT, 0, holders);
}

enum status sync_restore(struct sync *s,
                         enum status (*fill)(void *self, float *params, float *const slots[SYNC_SLOTS]),
                         void *self)
{
    if (s->tree) sync_wait_done(s);
    comm_barrier(s->comm); /* nobody reads the old ones any more */
    TRY(comm_agree(s->comm, s->comm->rank == 0 ? fill(self, s->params, s->slots) : STATUS_OK));
    spread(s, s->params);
    for (int i = 0; i < s->slot_count; i++) spread(s, s->slots[i]);
    if (s->tree) shared_barrier(s->shared);
    return STATUS_OK;
}

size_t sync_shared_bytes(const struct sync *s)
{
    return s->tree ? s->bytes : 0;
}
