/* test_tree.c - the law of the tree: however the leaves are spread over ranks, and ranks over nodes, the
 * merges give the same tree. */
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "comm/tree.h"

/* A stand-in for a sum that shows its order: hash(a, b) is neither commutative nor associative. */
static uint64_t join(uint64_t a, uint64_t b)
{
    return (a * 0x9E3779B97F4A7C15u ^ (b + 0x7F4A7C15)) * 0xD6E8FEB86659FD93u;
}

static uint64_t whole(int lo, int hi)
{
    if (hi - lo == 1) return (uint64_t)lo + 1;
    int left = 1;
    while (left * 2 < hi - lo) left *= 2;
    return join(whole(lo, lo + left), whole(lo + left, hi));
}

struct held {
    struct tree_stack stack;
    uint64_t values[TREE_DEPTH];
};

static void push(struct held *h, struct tree_node node, uint64_t value)
{
    h->values[h->stack.height] = value;
    for (int merges = tree_push(&h->stack, node); merges > 0; merges--) {
        int left = h->stack.height + merges - 2;
        h->values[left] = join(h->values[left], h->values[left + 1]);
    }
}

static void check_split(int leaves, int ranks, int max_leaves)
{
    struct held all = {.stack = {.leaves = leaves}};
    int next = 0;
    for (int r = 0; r < ranks; r++) {
        struct tree_node range = tree_range(leaves, r, ranks);
        CHECK(range.lo == next && range.hi > range.lo);
        next = range.hi;
        struct held mine = {.stack = {.leaves = leaves}};
        for (int v = range.lo; v < range.hi;) {
            struct tree_node group = tree_group((struct tree_node){v, range.hi}, max_leaves);
            CHECK(group.lo == v && group.hi > v && group.hi <= range.hi && group.hi - v <= max_leaves);
            push(&mine, group, whole(group.lo, group.hi));
            v = group.hi;
        }
        int max_height;
        struct tree_stack cover = tree_cover(leaves, range, max_leaves, &max_height);
        CHECK(cover.height == mine.stack.height && max_height >= cover.height);
        CHECK(memcmp(cover.nodes, mine.stack.nodes, (size_t)cover.height * sizeof cover.nodes[0]) == 0);
        for (int i = 0; i < mine.stack.height; i++) push(&all, mine.stack.nodes[i], mine.values[i]);
    }
    CHECK(next == leaves);
    CHECK(all.stack.height == 1 && all.values[0] == whole(0, leaves));
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    for (int leaves = 1; leaves <= 40; leaves++)
        for (int ranks = 1; ranks <= leaves; ranks++)
            for (int max_leaves = 1; max_leaves <= 8; max_leaves *= 2)
                CHECK_CASE(check_split(leaves, ranks, max_leaves));
    CHECK_CASE(check_split(1000, 7, 4));
    CHECK_CASE(check_split(1024, 13, 1024));
    CHECK_CASE(check_split(4099, 512, 1));
    return check_result();
}
