/* tree.h - the one order in which gradients are added.
 *
 * The gradient of a global batch is the sum over virtual ranks 0..V-1 in a fixed binary tree: a node [lo, hi)
 * with n = hi - lo > 1 leaves is the sum of [lo, lo + s) and [lo + s, hi), s the largest power of two below
 * n. However the leaves are spread over ranks, adding complete neighbours first and the rest later gives
 * every node the same value. Pure functions, no communication. */
#ifndef COMM_TREE_H
#define COMM_TREE_H

#include <stdbool.h>

/* Height of a stack that is enough for any range of TREE_MAX_LEAVES virtual ranks. */
#define TREE_DEPTH      48
#define TREE_MAX_LEAVES (1 << 20)

struct tree_node {
    int lo, hi;
};

/* Returns the virtual ranks that MPI rank r of P hosts: [r V / P, (r + 1) V / P). */
struct tree_node tree_range(int leaves, int rank, int ranks);

/* Returns the largest node at the start of the range whose number of leaves is a power of two, at most
 * `max_leaves`: a balanced binary tree. */
struct tree_node tree_group(struct tree_node range, int max_leaves);

/* The nodes summed so far, left to right, no two of them siblings. */
struct tree_stack {
    int leaves; /* V */
    int height;
    struct tree_node nodes[TREE_DEPTH];
};

/* Appends a node, which lies right of all others, and merges siblings. Returns the number of merges: as often
 * the values of the top two nodes must be added to each other. */
int tree_push(struct tree_stack *s, struct tree_node node);

/* Returns the stack after the leaves of `range` were pushed in groups of at most `max_leaves`; *max_height,
 * if not NULL, receives its largest height on the way, before merging. */
struct tree_stack tree_cover(int leaves, struct tree_node range, int max_leaves, int *max_height);

#endif
