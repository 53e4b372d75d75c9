/* step.c - one step: from gradients of groups to new parameters. */
#include <assert.h>
#include <string.h>

#include "comm/sync/private.h"
#include "math/kernels.h"

float *sync_params(struct sync *s)
{
    if (s->tree) sync_wait_done(s);
    return s->params;
}

struct tree_node sync_group(const struct sync *s)
{
    int next = s->stack.height ? s->stack.nodes[s->stack.height - 1].hi : s->range.lo;
    return next < s->range.hi ? tree_group((struct tree_node){next, s->range.hi}, s->max_group)
                              : (struct tree_node){next, next};
}

float *sync_gradient(struct sync *s)
{
    if (s->tree) sync_wait_done(s);
    return s->gradients + s->stack.height * s->count;
}

/* Adds a completed range of the group's gradient to the subtrees on its left that it completes. */
static void add_range(struct sync *s, int64_t first, int64_t count)
{
    struct tree_stack after = s->stack;
    assert(first + count == s->ready_from);
    int merges = tree_push(&after, sync_group(s));
    for (int at = s->stack.height - 1; merges > 0; merges--, at--) {
        float *sum = s->gradients + at * s->count + first;
        s->kernels->add(count, sum, sum + s->count, sum);
    }
    s->ready_from = first;
}

/* Whether the group is the last one of this rank: then other ranks may wait for its gradient. */
static bool is_awaited(const struct sync *s)
{
    return s->tree && sync_group(s).hi == s->range.hi;
}

/* The last bucket is marked by sync_group_done, together with the records. */
void sync_grads_ready(struct sync *s, int64_t first, int64_t count)
{
    add_range(s, first, count);
    if (!is_awaited(s)) return;
    int buckets = 0;
    while (buckets < s->bucket_count - 1 && sync_bucket(s, buckets).first >= first) buckets++;
    sync_mark_ready(s, buckets);
    if (s->comm->nodes > 1) exchange_advance(s);
}

/* Returns the requests that are stored in front of the record of virtual rank v. */
static struct sync_requests *find_requests(const struct sync *s, int v)
{
    return (struct sync_requests *)(void *)(s->records + (size_t)v * s->record_stride);
}

static void *find_record(const struct sync *s, int v)
{
    return find_requests(s, v) + 1;
}

void sync_group_done(struct sync *s, const void *records, struct sync_requests requests)
{
    struct tree_node group = sync_group(s);
    assert(group.lo < group.hi);
    add_range(s, 0, s->ready_from);
    for (int v = group.lo; v < group.hi; v++) {
        *find_requests(s, v) = v == group.lo ? requests : (struct sync_requests){0};
        memcpy(find_record(s, v), (const char *)records + (size_t)(v - group.lo) * s->record_bytes,
               s->record_bytes);
    }
    if (is_awaited(s)) sync_mark_ready(s, s->bucket_count);
    tree_push(&s->stack, group);
    s->ready_from = s->count;
}

bool sync_uses_ready(const struct sync *s)
{
    return s->tree && s->comm->nodes > 1 && s->bucket_count > 1;
}

static struct sync_requests add_records(const struct sync *s, void *sum)
{
    struct sync_requests all = {0};
    memset(sum, 0, s->record_bytes);
    for (int v = 0; v < s->leaves; v++) {
        s->add(sum, find_record(s, v));
        all.bits |= find_requests(s, v)->bits;
        all.bad_passes += find_requests(s, v)->bad_passes;
    }
    return all;
}

struct sync_requests sync_collect(struct sync *s, void *sum)
{
    if (!s->tree)
        MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_BYTE, s->records, s->record_counts, s->record_offsets, MPI_BYTE,
                       s->comm->world);
    else if (s->comm->nodes > 1)
        exchange_records(s);
    else
        sync_wait_ready(s, s->bucket_count);
    return add_records(s, sum);
}

/* Every rank holds and visits the whole vector. */
static void visit_allreduce(struct sync *s, sync_visit *visit, void *self)
{
    for (int i = 1; !s->summed && i < s->subtree_count; i++)
        s->kernels->add(s->count, s->gradients, s->gradients + i * s->count, s->gradients);
    if (!s->summed)
        MPI_Allreduce(MPI_IN_PLACE, s->gradients, (int)s->count, MPI_FLOAT, MPI_SUM, s->comm->world);
    s->summed = true;
    sync_visit_part(s, (struct sync_part){0, s->count}, s->subtrees, 1, 0, visit, self);
}

static void visit_tree(struct sync *s, sync_visit *visit, void *self)
{
    for (int b = 0; b < s->bucket_count; b++) {
        struct sync_part mine = sync_cut(sync_bucket(s, b), s->comm->local_size, s->comm->local_rank);
        sync_visit_part(s, mine, s->subtrees, s->subtree_count, mine.first, visit, self);
    }
}

void sync_sweep(struct sync *s, sync_visit *visit, void *self)
{
    s->sweeping = true;
    if (!s->tree)
        visit_allreduce(s, visit, self);
    else if (s->comm->nodes > 1)
        exchange_sweep(s, visit, self);
    else
        visit_tree(s, visit, self);
    s->sweeping = false;
    s->summed = true;
}

void sync_merge(struct sync *s, double *values, int64_t count)
{
    if (s->tree) comm_merge_doubles(s->comm, values, count);
}

static void end_sync_step(struct sync *s)
{
    s->stack.height = 0;
    s->summed = false;
    s->step++;
    if (s->tree) sync_mark_done(s);
}

void sync_apply(struct sync *s, sync_visit *visit, void *self)
{
    assert(s->stack.height > 0 && s->stack.nodes[s->stack.height - 1].hi == s->range.hi);
    audit_record_step(s);
    if (!s->tree)
        visit_allreduce(s, visit, self);
    else if (s->comm->nodes > 1)
        exchange_apply(s, visit, self);
    else
        visit_tree(s, visit, self);
    end_sync_step(s);
}

void sync_skip(struct sync *s)
{
    if (s->tree && s->comm->nodes > 1) exchange_skip(s);
    end_sync_step(s);
}

const float *sync_gather_slot(struct sync *s, int index)
{
    assert(index < s->slot_count);
    if (s->tree) sync_wait_done(s);
    if (s->tree && s->comm->nodes > 1) {
        exchange_gather_slot(s, s->slots[index]);
        shared_barrier(s->shared);
    }
    return s->slots[index];
}
