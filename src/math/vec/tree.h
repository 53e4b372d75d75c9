/* tree.h - the balanced binary tree in which sums of the leaves of a pass are added. */
#ifndef MATH_VEC_TREE_H
#define MATH_VEC_TREE_H

#include "math/vec/vec.h"

/* Sums that wait for the other half of theirs. All zero is an empty tree. */
struct vec_tree {
    float waiting[VEC_TREE_LEVELS];
    int height;
};

/* Adds the sum of a leaf; leaves come in order from 0, a power of two in all. Returns the sum of the largest
 * complete subtree that the leaf ends: after the last leaf, the sum of all. */
VEC_INLINE float vec_tree_add(struct vec_tree *t, int64_t leaf, float sum)
{
    for (int64_t done = leaf; done & 1; done >>= 1) sum = t->waiting[--t->height] + sum;
    t->waiting[t->height++] = sum;
    return sum;
}

#endif
