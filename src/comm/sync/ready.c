/* ready.c - how far the ranks of a node are: instead of barriers, two counters per rank that only grow.
 *
 * gradients_ready: during the last backward pass of step t (from 0) of a rank it grows from t B by one with
 * each of the B buckets, from the end of the vector to its start: the gradient there is final. With the last
 * bucket the records of its virtual ranks are complete too, and the rank reads the parameters no more: until
 * then it may repeat a pass.
 * steps_done: t + 1 once the rank has updated the parts that it owns in all buckets.
 *
 * Why nothing is overwritten that another rank still reads:
 * - Parameters are written by the owners of their parts when all ranks of the node are past all buckets.
 * - Parameters are read, and gradients and records of step t + 1 written, after sync_wait_done: by then every
 *   owner has read all gradients of step t and, before its first update, all records.
 * - Sums that a sweep keeps lie where only the part's owner reads.
 * - Optimizer slots are touched by their owner alone; others read them after sync_wait_done, and no owner can
 *   write them again before all ranks have finished the next backward pass.
 * - So no rank is ever a whole step ahead of another: a counter's value belongs to this step or the last one.
 * A rank waits only for ranks that can go on without it: gradients become ready without waiting for
 * anything of the same step, and updates wait for gradients only. */
#include "comm/sync/private.h"

void sync_plan_buckets(struct sync *s)
{
    int64_t size = (s->count / SYNC_BUCKETS + SYNC_CELL - 1) / SYNC_CELL * SYNC_CELL;
    if (size < SYNC_BUCKET_FLOOR) size = SYNC_BUCKET_FLOOR;
    s->bucket_size = size;
    s->bucket_count = s->count > 0 ? (int)((s->count + size - 1) / size) : 1;
}

struct sync_part sync_bucket(const struct sync *s, int index)
{
    int64_t first = (s->bucket_count - 1 - index) * s->bucket_size, left = s->count - first;
    return (struct sync_part){first, left < s->bucket_size ? left : s->bucket_size};
}

/* Returns the value of gradients_ready after `buckets` buckets of this step. */
static uint64_t count_buckets(const struct sync *s, int buckets)
{
    return s->step * (uint64_t)s->bucket_count + (uint64_t)buckets;
}

void sync_mark_ready(struct sync *s, int buckets)
{
    shared_raise(&s->gradients_ready[s->comm->local_rank], count_buckets(s, buckets));
}

bool sync_is_ready(const struct sync *s, int buckets)
{
    for (int r = 0; r < s->comm->local_size; r++)
        if (!shared_reached(&s->gradients_ready[r], count_buckets(s, buckets))) return false;
    return true;
}

bool sync_has_finished(const struct sync *s, int local_rank)
{
    return shared_reached(&s->gradients_ready[local_rank], count_buckets(s, s->bucket_count));
}

void sync_wait_ready(const struct sync *s, int buckets)
{
    shared_wait(s->shared, s->gradients_ready, count_buckets(s, buckets));
}

void sync_mark_done(struct sync *s)
{
    shared_raise(&s->steps_done[s->comm->local_rank], s->step);
}

void sync_wait_done(const struct sync *s)
{
    shared_wait(s->shared, s->steps_done, s->step);
}
