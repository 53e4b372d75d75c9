/* sync_step.c - one step: from gradients of groups to new parameters. */
#include <assert.h>
#include <string.h>

#include "comm/sync_private.h"
#include "ddp/kernels.h"

float *sync_params(struct sync *s)
{
    if (s->tree) sync_wait_done(s);
    return s->params;
}

struct tree_node sync_group(const struct sync *s)
{
    int next = s->stack.height ? s->stack.nodes[s->stack.height - 1].hi : s->range.lo;
    return next < s->range.hi ? tree_group((struct tree_node){next, s->range.hi}, s->most)
                              : (struct tree_node){next, next};
}

float *sync_gradient(struct sync *s)
{
    if (s->tree) sync_wait_done(s);
    return s->gradients + s->stack.height * s->count;
}

/* Whether the group is the last one of this rank, and others may wait for what it leaves. */
static bool is_awaited(const struct sync *s, struct tree_node group)
{
    return s->tree && group.hi == s->range.hi;
}

void sync_losses_ready(struct sync *s, const struct loss_sums *sums)
{
    struct tree_node group = sync_group(s);
    assert(group.lo < group.hi);
    memcpy(s->sums + group.lo, sums, (size_t)(group.hi - group.lo) * sizeof *sums);
    if (is_awaited(s, group)) sync_tell_ready(s, 0);
}

/* Adds what is there of the group's gradient to the neighbours that complete its subtrees, and tells. */
void sync_grads_ready(struct sync *s, int64_t first, int64_t count)
{
    struct tree_node group = sync_group(s);
    struct tree_stack after = s->stack;
    assert(group.lo < group.hi && first + count == s->ready_from);
    int merges = tree_push(&after, group);
    for (int at = s->stack.height - 1; merges > 0; merges--, at--) {
        float *sum = s->gradients + at * s->count + first;
        kernels->add(count, sum, sum + s->count, sum);
    }
    s->ready_from = first;
    if (!is_awaited(s, group)) return;
    int buckets = 0;
    while (buckets < s->bucket_count && sync_bucket(s, buckets).first >= first) buckets++;
    sync_tell_ready(s, buckets);
}

void sync_group_done(struct sync *s)
{
    sync_grads_ready(s, 0, s->ready_from);
    tree_push(&s->stack, sync_group(s));
    s->ready_from = s->count;
}

bool sync_wants_parts(const struct sync *s)
{
    return s->tree && s->bucket_count > 1;
}

static struct loss_sums total_of(const struct sync *s)
{
    struct loss_sums total = {0};
    for (int v = 0; v < s->leaves; v++) {
        total.loss += s->sums[v].loss;
        total.weight += s->sums[v].weight;
        total.correct += s->sums[v].correct;
        total.valid += s->sums[v].valid;
        total.count += s->sums[v].count;
    }
    return total;
}

bool sync_try_collect(struct sync *s, struct loss_sums *total)
{
    if (!s->tree || !(s->comm->nodes > 1 ? exchange_try_sums(s) : sync_is_ready(s, 0))) return false;
    *total = total_of(s);
    return true;
}

struct loss_sums sync_collect(struct sync *s)
{
    if (!s->tree)
        MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_BYTE, s->sums, s->sum_counts, s->sum_offsets, MPI_BYTE,
                       s->comm->world);
    else if (s->comm->nodes > 1)
        exchange_sums(s);
    else
        sync_wait_ready(s, 0);
    return total_of(s);
}

static void apply_bucket(struct sync *s, int bucket, sync_update *apply, void *self)
{
    struct slice mine = sync_cut(sync_bucket(s, bucket), s->comm->local_size, s->comm->local_rank);
    const float *values[TREE_DEPTH];
    int64_t end = mine.first + mine.count;
    for (int64_t first = mine.first; first < end; first += SYNC_BLOCK) {
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

void sync_try_apply(struct sync *s, sync_update *apply, void *self)
{
    if (!s->tree) return;
    if (s->comm->nodes > 1) {
        exchange_try_apply(s, apply, self);
        return;
    }
    while (s->applied < s->bucket_count && sync_is_ready(s, s->applied + 1))
        apply_bucket(s, s->applied++, apply, self);
}

static void apply_tree(struct sync *s, sync_update *apply, void *self)
{
    for (; s->applied < s->bucket_count; s->applied++) {
        sync_wait_ready(s, s->applied + 1);
        apply_bucket(s, s->applied, apply, self);
    }
}

void sync_apply(struct sync *s, sync_update *apply, void *self)
{
    assert(s->stack.height > 0 && s->stack.nodes[s->stack.height - 1].hi == s->range.hi);
    if (!s->tree)
        apply_allreduce(s, apply, self);
    else if (s->comm->nodes > 1)
        exchange_apply(s, apply, self);
    else
        apply_tree(s, apply, self);
    s->stack.height = s->applied = 0;
    s->step++;
    if (s->tree) sync_tell_done(s);
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
