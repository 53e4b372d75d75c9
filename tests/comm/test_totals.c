// ranks: 1 2 3 5
/* test_totals.c - sums over virtual ranks are added in the one order of the tree, on every rank. */
#include <string.h>

#include "check.h"
#include "comm/totals.h"
#include "core/mem.h"

/* Numbers whose sum depends on the order of additions. */
static double number(int leaf, int64_t i)
{
    return 1.0 / (leaf + 3) * (i % 3 ? 1e-8 : 1e8) - (double)i / 7 * leaf;
}

static double whole(int lo, int hi, int64_t i)
{
    if (hi - lo == 1) return number(lo, i);
    int left = 1;
    while (left * 2 < hi - lo) left *= 2;
    return whole(lo, lo + left, i) + whole(lo + left, hi, i);
}

static void check_sums(struct comm *c, int leaves)
{
    struct totals t;
    struct tree_node mine = tree_range(leaves, comm_rank(c), comm_size(c));
    CHECK_STATUS(totals_init(&t, c, leaves, 9), STATUS_OK);
    for (int64_t count = 1; count <= 9; count += 4) {
        for (int v = mine.lo; v < mine.hi; v++)
            for (int64_t i = 0; i < count; i++) t.records[(v - mine.lo) * count + i] = number(v, i);
        const double *sums = totals_add(&t, count);
        for (int64_t i = 0; i < count; i++) {
            double want = whole(0, leaves, i);
            CHECK(memcmp(&sums[i], &want, sizeof want) == 0);
        }
    }
    totals_free(&t);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    struct comm *c;
    CHECK_STATUS(comm_create(&c, &argc, &argv), STATUS_OK);
    static const int leaves[] = {5, 8, 13, 64, 100};
    for (int i = 0; i < 5; i++) CHECK_CASE(check_sums(c, leaves[i]));
    comm_destroy(&c);
    CHECK(mem_alive() == 0);
    return check_result();
}
