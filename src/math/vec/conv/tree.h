/* tree.h - how the leaves' weight gradients are added: as a balanced binary tree, in as many slots of sums as
 * the tree is deep and one more. */
#ifndef MATH_VEC_CONV_TREE_H
#define MATH_VEC_CONV_TREE_H

#include "math/vec/vec.h"

/* One more sum than a tree over the leaves is deep. */
VEC_INLINE int64_t weight_tree_slots(const struct window *c)
{
    int64_t slots = 1;
    while ((int64_t)1 << (slots - 1) < c->leaves) slots++;
    return slots;
}

/* Where leaf `leaf` puts its sums: as many slots are in use as there are complete subtrees before it. */
VEC_INLINE int64_t weight_tree_slot(int64_t leaf)
{
    return __builtin_popcountll((unsigned long long)leaf);
}

/* Adds the subtrees that leaf `leaf` completes. */
VEC_INLINE void weight_tree_add(float *slots, int64_t stride, int64_t count, int64_t leaf)
{
    for (int64_t slot = weight_tree_slot(leaf); leaf & 1; leaf >>= 1, slot--) {
        float *sum = slots + (slot - 1) * stride, *last = slots + slot * stride;
        for (int64_t i = 0; i < count; i += VW) vec_store(sum + i, vec_load(sum + i) + vec_load(last + i));
    }
}

#endif
