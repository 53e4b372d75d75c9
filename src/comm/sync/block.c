/* block.c - what both paths do to a block of the vector: add the held subtrees in tree order, and
 * update. */
#include <assert.h>
#include <string.h>

#include "comm/sync/private.h"
#include "math/kernels.h"

struct slice sync_cut(struct slice whole, int parts, int index)
{
    int64_t cells = (whole.count + SYNC_CELL - 1) / SYNC_CELL;
    int64_t lo = cells * index / parts * SYNC_CELL, hi = cells * (index + 1) / parts * SYNC_CELL;
    if (lo > whole.count) lo = whole.count;
    if (hi > whole.count) hi = whole.count;
    return (struct slice){whole.first + lo, hi - lo};
}

int sync_sum_block(struct sync *s, const struct piece *pieces, int piece_count, int64_t first, int64_t count,
                   const float *values[TREE_DEPTH])
{
    struct tree_stack stack = {.leaves = s->leaves};
    for (int i = 0; i < piece_count; i++) {
        values[stack.height] = pieces[i].vector + first;
        for (int merges = tree_push(&stack, pieces[i].node); merges > 0; merges--) {
            int left = stack.height + merges - 2;
            float *sum = s->blocks + left * SYNC_BLOCK;
            kernels->add(count, values[left], values[left + 1], sum);
            values[left] = sum;
        }
    }
    return stack.height;
}

static void visit_block(struct sync *s, int64_t first, int64_t count, const float *grads, sync_visit *visit,
                        void *self)
{
    float *slots[SYNC_SLOTS] = {NULL};
    for (int i = 0; i < s->slot_count; i++) slots[i] = s->slots[i] + first;
    visit(self, first, count, s->params + first, grads, slots);
}

/* Where a sweep leaves the sums: in the first piece, of which nobody else reads this part any more. */
void sync_visit_part(struct sync *s, struct slice part, const struct piece *pieces, int piece_count,
                     int64_t offset, sync_visit *visit, void *self)
{
    const float *values[TREE_DEPTH];
    for (int64_t at = 0; at < part.count; at += SYNC_BLOCK) {
        int64_t count = part.count - at < SYNC_BLOCK ? part.count - at : SYNC_BLOCK;
        float *kept = pieces[0].vector + offset + at;
        values[0] = kept;
        if (!s->summed) {
            int held = sync_sum_block(s, pieces, piece_count, offset + at, count, values);
            assert(held == 1);
            (void)held;
        }
        if (s->sweeping && values[0] != kept) memcpy(kept, values[0], (size_t)count * sizeof *kept);
        visit_block(s, part.first + at, count, values[0], visit, self);
    }
}
