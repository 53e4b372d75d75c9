#include <assert.h>
#include <limits.h>
#include <string.h>

#include "comm/sync_private.h"
#include "ddp/kernels.h"
#include "ddp/mem.h"

/* Layout of a node's block (tree) or of the private one (allreduce, where `holders` is 1):
 *   parameters | slots | sums [V] | stack of rank first | stack of the next rank | ... */
static size_t lay_out(struct sync *s, char *base, int first_rank, int holders)
{
    size_t vector = (size_t)s->count * sizeof(float), used = vector * (size_t)(1 + s->slot_count);
    s->params = (float *)(void *)base;
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
    struct slice whole = {0, count};
    s->slice = comm->local_rank < comm->columns ? sync_cut(whole, comm->columns, comm->local_rank)
                                                : (struct slice){0, 0};
    TRY(allocate_block(s));
    if (tree && comm->nodes > 1) TRY(comm_agree(comm, exchange_create(s)));
    return STATUS_OK;
}

void sync_destroy(struct sync **sync)
{
    struct sync *s = *sync;
    if (!s) return;
    shared_destroy(&s->shared);
    exchange_destroy(&s->exchange);
    mem_free(&s->sum_counts);
    mem_free(&s->sum_offsets);
    mem_free(&s->memory);
    mem_free(&s->pieces);
    mem_free(&s->blocks);
    mem_free(sync);
}

float *sync_params(struct sync *s)
{
    return s->params;
}

void sync_fill_params(struct sync *s, void (*fill)(void *self, float *params), void *self)
{
    if (!s->tree || s->comm->local_rank == 0) fill(self, s->params);
    if (s->tree) shared_barrier(s->shared);
}

struct tree_node sync_group(const struct sync *s)
{
    int next = s->stack.height ? s->stack.nodes[s->stack.height - 1].hi : s->range.lo;
    return next < s->range.hi ? tree_group((struct tree_node){next, s->range.hi}, s->most)
                              : (struct tree_node){next, next};
}

float *sync_gradient(struct sync *s)
{
    return s->gradients + s->stack.height * s->count;
}

void sync_group_done(struct sync *s, const struct loss_sums *sums)
{
    struct tree_node group = sync_group(s);
    assert(group.lo < group.hi);
    memcpy(s->sums + group.lo, sums, (size_t)(group.hi - group.lo) * sizeof *sums);
    int merges = tree_push(&s->stack, group);
    for (int at = s->stack.height + merges - 2; merges > 0; merges--, at--) {
        float *sum = s->gradients + at * s->count;
        kernels->add(s->count, sum, sum + s->count, sum);
    }
}

static struct loss_sums total_of(const struct sync *s)
{
    struct loss_sums total = {0};
    for (int v = 0; v < s->leaves; v++) {
        total.loss += s->sums[v].loss;
        total.weight += s->sums[v].weight;
        total.correct += s->sums[v].correct;
        total.count += s->sums[v].count;
    }
    return total;
}

struct loss_sums sync_collect(struct sync *s)
{
    assert(s->stack.height > 0 && s->stack.nodes[s->stack.height - 1].hi == s->range.hi);
    s->stack.height = 0;
    if (!s->tree) {
        sync_gather_sums(s, s->comm->world);
    } else {
        shared_barrier(s->shared);
        if (s->comm->nodes > 1) exchange_sums(s);
    }
    return total_of(s);
}

static void apply_tree(struct sync *s, sync_update *apply, void *self)
{
    const float *values[TREE_DEPTH];
    int64_t end = s->slice.first + s->slice.count;
    for (int64_t first = s->slice.first; first < end; first += SYNC_BLOCK) {
        int64_t count = end - first < SYNC_BLOCK ? end - first : SYNC_BLOCK;
        int held = sync_sum_block(s, s->pieces, s->piece_count, first, count, values);
        assert(held == 1);
        (void)held;
        sync_update_block(s, first, count, values[0], apply, self);
    }
}

static void apply_allreduce(struct sync *s, sync_update *apply, void *self)
{
    for (int i = 1; i < s->piece_count; i++)
        kernels->add(s->count, s->gradients, s->gradients + i * s->count, s->gradients);
    MPI_Allreduce(MPI_IN_PLACE, s->gradients, (int)s->count, MPI_FLOAT, MPI_SUM, s->comm->world);
    apply(self, s->count, s->params, s->gradients, s->slots);
}

void sync_apply(struct sync *s, sync_update *apply, void *self)
{
    if (!s->tree) {
        apply_allreduce(s, apply, self);
        return;
    }
    if (s->comm->nodes > 1)
        exchange_apply(s, apply, self);
    else
        apply_tree(s, apply, self);
    shared_barrier(s->shared);
}

const float *sync_gather_slot(struct sync *s, int index)
{
    assert(index < s->slot_count);
    if (s->tree && s->comm->nodes > 1) exchange_gather_slot(s, s->slots[index]);
    if (s->tree) shared_barrier(s->shared);
    return s->slots[index];
}

size_t sync_shared_bytes(const struct sync *s)
{
    return s->tree ? s->bytes : 0;
}
