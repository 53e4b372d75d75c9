/* block.c - adds the subtrees of a block of the vector in tree order, and visits the sums. */
#include <assert.h>
#include <string.h>

#include "comm/sync/private.h"
#include "math/kernels.h"

struct sync_part sync_cut(struct sync_part whole, int parts, int index)
{
    int64_t cells = (whole.count + SYNC_CELL - 1) / SYNC_CELL;
    int64_t lo = cells * index / parts * SYNC_CELL, hi = cells * (index + 1) / parts * SYNC_CELL;
    if (lo > whole.count) lo = whole.count;
    if (hi > whole.count) hi = whole.count;
    return (struct sync_part){whole.first + lo, hi - lo};
}

int sync_sum_block(struct sync *s, const struct subtree *subtrees, int subtree_count, int64_t first,
                   int64_t count, const float *values[TREE_DEPTH])
{
    struct tree_stack stack = {.leaves = s->leaves};
    for (int i = 0; i < subtree_count; i++) {
        values[stack.height] = subtrees[i].vector + first;
        for (int merges = tree_push(&stack, subtrees[i].node); merges > 0; merges--) {
            int left = stack.height + merges - 2;
            float *sum = s->blocks + left * SYNC_BLOCK;
            s->kernels->add(count, values[left], values[left + 1], sum);
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

/* A sweep keeps the sums in the first subtree: no other rank reads this part of it any more. */
void sync_visit_part(struct sync *s, struct sync_part part, const struct subtree *subtrees, int subtree_count,
                     int64_t offset, sync_visit *visit, void *self)
{
    const float *values[TREE_DEPTH];
    for (int64_t at = 0; at < part.count; at += SYNC_BLOCK) {
        int64_t count = part.count - at < SYNC_BLOCK ? part.count - at : SYNC_BLOCK;
        float *kept = subtrees[0].vector + offset + at;
        values[0] = kept;
        if (!s->summed) {
            int held = sync_sum_block(s, subtrees, subtree_count, offset + at, count, values);
            assert(held == 1);
            (void)held;
        }
        if (s->sweeping && values[0] != kept) memcpy(kept, values[0], (size_t)count * sizeof *kept);
        visit_block(s, part.first + at, count, values[0], visit, self);
    }
}
