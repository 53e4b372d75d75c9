/* tree.h - the one order in which gradients are added.
 *
 * The gradient of a global batch is the sum over virtual ranks 0..V-1 in a fixed binary tree: a node [lo, hi)
 * with n = hi - lo > 1 leaves is the sum of [lo, lo + s) and [lo + s, hi), s the largest power of two below
 * n. Whoever holds which leaves, adding complete neighbours first and the rest later gives every node the
 * same value. Pure functions, no communication. */
#ifndef COMM_TREE_H
#define COMM_TREE_H

#include <stdbool.h>

/* A stack of at most this many nodes is needed for any range of up to 2^20 virtual ranks. */
#define TREE_DEPTH      48
#define TREE_MAX_LEAVES (1 << 20)

struct tree_node {
    int lo, hi;
};

/* The virtual ranks that MPI rank r of P hosts: [r V / P, (r + 1) V / P). */
struct tree_node tree_range(int leaves, int rank, int ranks);

/* The largest node of a power of two of leaves, at most `most`, that begins the range: a balanced binary tree. */
struct tree_node tree_group(struct tree_node range, int most);

/* Nodes that are known so far, left to right, no two of them siblings. */
struct tree_stack {
    int leaves; /* V */
    int height;
    struct tree_node nodes[TREE_DEPTH];
};

/* Appends a node (of the tree, and right of all others). Returns how often the top two nodes must then be
 * added to each other; the stack is already merged accordingly. */
int tree_push(struct tree_stack *s, struct tree_node node);

/* The stack that the leaves of `range` leave behind when pushed in groups of at most `most`, and its greatest
 * height on the way (before merging). */
struct tree_stack tree_cover(int leaves, struct tree_node range, int most, int *greatest_height);

#endif
