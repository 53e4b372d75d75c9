/* sync.c - creates a sync and lays out its memory; fills and restores parameters. */
#include <assert.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "comm/sync/private.h"
#include "core/mem.h"

static size_t round_up_bytes(size_t bytes, size_t multiple)
{
    return (bytes + multiple - 1) / multiple * multiple;
}

/* Layout of a node's block (tree) or of the private one (allreduce, where `holders` is 1):
 *   counters | parameters | slots | records [V] | stack of rank first | stack of the next rank | ...
 * The counters are two of each rank and one of the node. */
static size_t lay_out_block(struct sync *s, char *base, int first_rank, int holders)
{
    size_t vector = (size_t)s->count * sizeof(float),
           used = (2 * (size_t)holders + 1) * sizeof *s->steps_done;
    s->gradients_ready = (struct shared_counter *)(void *)base;
    s->steps_done = base ? s->gradients_ready + holders : NULL;
    s->records_there = base ? s->steps_done + holders : NULL;
    s->params = base ? (float *)(void *)(base + used) : NULL;
    used += vector * (size_t)(1 + s->slot_count);
    for (int i = 0; base && i < s->slot_count; i++) s->slots[i] = s->params + (i + 1) * s->count;
    s->records = base ? base + used : NULL;
    used += round_up_bytes((size_t)s->leaves * s->record_stride, MEM_ALIGN);

    s->subtree_count = 0;
    for (int r = first_rank; r < first_rank + holders; r++) {
        int height;
        struct tree_stack held =
            tree_cover(s->leaves, tree_range(s->leaves, r, s->comm->size), s->max_group, &height);
        float *stack = base ? (float *)(void *)(base + used) : NULL;
        if (r == s->comm->rank) s->gradients = stack;
        for (int i = 0; i < held.height; i++, s->subtree_count++)
            if (base) s->subtrees[s->subtree_count] = (struct subtree){stack + i * s->count, held.nodes[i]};
        used += (size_t)height * vector;
    }
    return used;
}

/* Records come from every node (tree) or from every rank. */
static enum status plan_records(struct sync *s)
{
    const struct comm *c = s->comm;
    int holders = s->tree ? c->nodes : c->size;
    TRY(mem_alloc(&s->record_counts, (size_t)holders, sizeof *s->record_counts, "records of virtual ranks"));
    TRY(mem_alloc(&s->record_offsets, (size_t)holders, sizeof *s->record_offsets,
                  "records of virtual ranks"));
    for (int h = 0; h < holders; h++) {
        int lo = tree_range(s->leaves, s->tree ? c->node_first[h] : h, c->size).lo;
        int hi = tree_range(s->leaves, s->tree ? c->node_first[h + 1] - 1 : h, c->size).hi;
        s->record_counts[h] = (hi - lo) * (int)s->record_stride;
        s->record_offsets[h] = lo * (int)s->record_stride;
    }
    return STATUS_OK;
}

static enum status allocate_tables(struct sync *s)
{
    TRY(plan_records(s));
    TRY(mem_alloc(&s->subtrees, (size_t)s->subtree_count, sizeof *s->subtrees, "subtrees of the gradient"));
    TRY(mem_alloc(&s->blocks, (size_t)(TREE_DEPTH * SYNC_BLOCK), sizeof *s->blocks,
                  "blocks of the gradient"));
    return s->tree ? STATUS_OK : mem_alloc(&s->memory, s->bytes, 1, "parameters and gradients");
}

/* Collective. */
static enum status allocate_block(struct sync *s)
{
    int first = s->tree ? s->comm->rank - s->comm->local_rank : s->comm->rank;
    int holders = s->tree ? s->comm->local_size : 1;
    s->bytes = lay_out_block(s, NULL, first, holders);
    TRY(comm_agree(s->comm, allocate_tables(s)));
    if (s->tree) TRY(shared_create(&s->shared, s->comm, s->bytes, "parameters and gradients"));
    lay_out_block(s, s->tree ? shared_base(s->shared) : s->memory, first, holders);
    return STATUS_OK;
}

static enum status check_limits(const struct sync_spec *spec, size_t record_stride)
{
    assert(spec->count % 16 == 0 && spec->slots <= SYNC_SLOTS);
    if (spec->virtual_ranks <= TREE_MAX_LEAVES && spec->count <= INT_MAX &&
        (size_t)spec->virtual_ranks * record_stride <= INT_MAX)
        return STATUS_OK;
    return status_fail(STATUS_CONFIG,
                       "%lld parameters and %d virtual ranks exceed the limits of 2^31 - 1 and 2^20; use a "
                       "smaller model or fewer virtual ranks",
                       (long long)spec->count, spec->virtual_ranks);
}

/* Collective. */
static enum status set_up_sync(struct sync *s, struct comm *comm, const struct sync_spec *spec)
{
    s->comm = comm;
    s->kernels = spec->kernels;
    s->tree = spec->tree;
    s->leaves = spec->virtual_ranks;
    s->max_group = spec->max_group;
    s->count = spec->count;
    s->slot_count = spec->slots;
    s->record_bytes = spec->record_bytes;
    s->record_stride =
        sizeof(struct sync_requests) + round_up_bytes(spec->record_bytes, _Alignof(max_align_t));
    s->add = spec->add;
    s->range = tree_range(s->leaves, comm->rank, comm->size);
    s->stack.leaves = s->leaves;
    s->ready_from = s->count;
    assert(s->leaves >= comm->size);
    TRY(check_limits(spec, s->record_stride));
    sync_plan_buckets(s);
    TRY(allocate_block(s));
    return s->tree && comm->nodes > 1 ? comm_agree(comm, exchange_create(s)) : STATUS_OK;
}

enum status sync_create(struct sync **out, struct comm *comm, const struct sync_spec *spec)
{
    enum status status = comm_agree(comm, mem_alloc(out, 1, sizeof **out, "synchronisation"));
    if (status == STATUS_OK) status = set_up_sync(*out, comm, spec);
    if (status != STATUS_OK) sync_destroy(out);
    return status;
}

void sync_destroy(struct sync **sync)
{
    struct sync *s = *sync;
    if (!s) return;
    audit_destroy(&s->audit);
    exchange_destroy(&s->exchange);
    shared_destroy(&s->shared);
    mem_free(&s->record_counts);
    mem_free(&s->record_offsets);
    mem_free(&s->memory);
    mem_free(&s->subtrees);
    mem_free(&s->blocks);
    mem_free(sync);
}

void sync_fill_params(struct sync *s, void (*fill)(void *self, float *params), void *self)
{
    if (!s->tree || s->comm->local_rank == 0) fill(self, s->params);
    if (s->tree) shared_barrier(s->shared);
}

/* Copies rank 0's vector to the other holders of a copy: the first rank of every node, or (allreduce) every
 * rank. */
static void broadcast_vector(struct sync *s, float *vector)
{
    MPI_Comm holders = s->tree ? s->comm->column : s->comm->world;
    if (s->tree && s->comm->local_rank > 0) return;
    for (int64_t at = 0; at < s->count; at += COMM_MESSAGE)
        MPI_Bcast(vector + at, comm_message_count(s->count - at), MPI_FLOAT, 0, holders);
}

enum status sync_restore(struct sync *s,
                         enum status (*fill)(void *self, float *params, float *const slots[SYNC_SLOTS]),
                         void *self)
{
    if (s->tree) sync_wait_done(s);
    comm_barrier(s->comm); /* no rank reads the old ones any more */
    TRY(comm_agree(s->comm, s->comm->rank == 0 ? fill(self, s->params, s->slots) : STATUS_OK));
    broadcast_vector(s, s->params);
    for (int i = 0; i < s->slot_count; i++) broadcast_vector(s, s->slots[i]);
    if (s->tree) shared_barrier(s->shared);
    return STATUS_OK;
}

const float *sync_share_slot(struct sync *s, int index)
{
    (void)sync_gather_slot(s, index);
    if (s->tree && s->comm->nodes > 1) {
        broadcast_vector(s, s->slots[index]);
        shared_barrier(s->shared);
    }
    return s->slots[index];
}

size_t sync_shared_bytes(const struct sync *s)
{
    return s->tree ? s->bytes : 0;
}
