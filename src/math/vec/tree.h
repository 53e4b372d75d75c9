/* tree.h - sums over the leaves of a pass: where a leaf lies, and the balanced binary tree in which they are added. */
#ifndef MATH_VEC_TREE_H
#define MATH_VEC_TREE_H

#include "math/vec/vec.h"

/* One leaf's part of a row [positions][lanes]: runs of `length` floats, `stride` floats from one to the next. A single
 * leaf is one run. Of several leaves, `length` is a multiple of 16. */
struct vec_runs {
    int64_t count, length, stride;
};

VEC_INLINE struct vec_runs vec_runs_of_leaf(int64_t positions, int64_t lanes, int64_t leaves)
{
    if (leaves == 1) return (struct vec_runs){1, positions * lanes, 0};
    return (struct vec_runs){positions, lanes / leaves, lanes};
}

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
