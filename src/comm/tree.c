/* tree.c - the one order in which gradients are added. */
#include "comm/tree.h"

#include <assert.h>
#include <stdint.h>

struct tree_node tree_range(int leaves, int rank, int ranks)
{
    int64_t v = leaves, r = rank, p = ranks;
    return (struct tree_node){(int)(r * v / p), (int)((r + 1) * v / p)};
}

/* Returns the leaves of the left child. */
static int find_left_size(int leaves)
{
    int size = 1;
    while (size * 2 < leaves) size *= 2;
    return size;
}

static bool is_node(int leaves, int lo, int hi)
{
    struct tree_node at = {0, leaves};
    while (at.lo != lo || at.hi != hi) {
        if (at.hi - at.lo <= 1) return false;
        int middle = at.lo + find_left_size(at.hi - at.lo);
        if (hi <= middle)
            at.hi = middle;
        else if (lo >= middle)
            at.lo = middle;
        else
            return false;
    }
    return true;
}

/* Two neighbouring nodes whose union is a node are its children: a node inside a child cannot touch the
 * other. */
int tree_push(struct tree_stack *s, struct tree_node node)
{
    assert(s->height < TREE_DEPTH);
    s->nodes[s->height++] = node;
    int merges = 0;
    while (s->height >= 2 && is_node(s->leaves, s->nodes[s->height - 2].lo, node.hi)) {
        s->height--;
        s->nodes[s->height - 1].hi = node.hi;
        merges++;
    }
    return merges;
}

/* In the tree over 0..V-1 every aligned range of a power of two of leaves is a node. */
struct tree_node tree_group(struct tree_node range, int max_leaves)
{
    int size = 1;
    while (size * 2 <= max_leaves && range.lo % (size * 2) == 0 && range.lo + size * 2 <= range.hi) size *= 2;
    return (struct tree_node){range.lo, range.lo + size};
}

struct tree_stack tree_cover(int leaves, struct tree_node range, int max_leaves, int *max_height)
{
    struct tree_stack stack = {.leaves = leaves};
    int highest = 0;
    while (range.lo < range.hi) {
        struct tree_node group = tree_group(range, max_leaves);
        if (stack.height + 1 > highest) highest = stack.height + 1;
        tree_push(&stack, group);
        range.lo = group.hi;
    }
    if (max_height) *max_height = highest;
    return stack;
}
