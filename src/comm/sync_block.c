/* sync_block.c - what both paths do to a block of the vector: add the held subtrees in tree order, and
 * update. */
#include "comm/sync_private.h"
#include "ddp/kernels.h"

struct slice sync_cut(struct slice whole, int parts, int index)
{
    int64_t units = whole.count / 16, lo = units * index / parts, hi = units * (index + 1) / parts;
    return (struct slice){whole.first + lo * 16, (hi - lo) * 16};
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

void sync_update_block(struct sync *s, int64_t first, int64_t count, const float *grads, sync_update *apply,
                       void *self)
{
    float *slots[SYNC_SLOTS] = {NULL};
    for (int i = 0; i < s->slot_count; i++) slots[i] = s->slots[i] + first;
    apply(self, count, s->params + first, grads, slots);
}
