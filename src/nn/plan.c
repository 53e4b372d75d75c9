/* plan.c - memory from lifetimes: intervals, first fit by size. */
#include "nn/plan.h"

#include <stdlib.h>

#include "core/mem.h"

static size_t plan_round_up(size_t bytes)
{
    return (bytes + MEM_ALIGN - 1) / MEM_ALIGN * MEM_ALIGN;
}

/* Greatest first; equal ones in the order given, which makes the plan a pure function of its input. */
static int plan_compare(const void *a, const void *b)
{
    const struct plan_buffer *x = *(struct plan_buffer *const *)a, *y = *(struct plan_buffer *const *)b;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? 1 : -1;
    return x < y ? -1 : x > y;
}

static int plan_overlaps(const struct plan_buffer *a, const struct plan_buffer *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* The lowest gap of its size between the placed buffers, which are sorted by offset. */
static size_t plan_find_gap(const struct plan_buffer *b, struct plan_buffer *const *placed, int count)
{
    size_t end = 0; /* of what lies below and is in use at the same time */
    for (int i = 0; i < count; i++) {
        const struct plan_buffer *other = placed[i];
        if (!plan_overlaps(b, other)) continue;
        if (other->offset >= end && other->offset - end >= b->bytes) return end;
        size_t behind = other->offset + plan_round_up(other->bytes);
        if (behind > end) end = behind;
    }
    return end;
}

static void plan_insert(struct plan_buffer **placed, int count, struct plan_buffer *b)
{
    int at = count;
    for (; at > 0 && placed[at - 1]->offset > b->offset; at--) placed[at] = placed[at - 1];
    placed[at] = b;
}

enum status plan_place(struct plan_buffer *buffers, int count, size_t *bytes)
{
    struct plan_buffer **order = NULL, **placed = NULL;
    TRY(mem_alloc(&order, 2 * (size_t)count, sizeof *order, "plan of the model's memory"));
    placed = order ? order + count : NULL;
    for (int i = 0; i < count; i++) order[i] = &buffers[i];
    if (count > 0) qsort(order, (size_t)count, sizeof *order, plan_compare);
    *bytes = 0;
    for (int i = 0; i < count; i++) {
        struct plan_buffer *b = order[i];
        b->offset = plan_find_gap(b, placed, i);
        plan_insert(placed, i, b);
        size_t behind = b->offset + plan_round_up(b->bytes);
        if (behind > *bytes) *bytes = behind;
    }
    mem_free(&order);
    return STATUS_OK;
}
