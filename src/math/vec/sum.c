/* sum.c - sums over positions and lanes, leaf by leaf. */
#include "math/vec/tree.h"

/* The sum of one leaf: its floats go, 16 at a time, in turn to four chains of 16 accumulators, which hide the
 * latency of the additions. The order depends only on the leaf's own lanes. */
static float sum_one_leaf(const float *x, struct vec_runs runs)
{
    vec total[4][VEC_PARTS] = {{{0}}};
    int64_t turn = 0;
    for (int64_t i = 0; i < runs.count; i++, x += runs.stride) {
        int64_t n = 0;
        for (; n + 16 <= runs.length; n += 16, turn++)
            for (int p = 0; p < VEC_PARTS; p++) total[turn & 3][p] += vec_load_any(x + n + p * VW);
        for (int p = 0; n + p * VW < runs.length; p++)
            total[turn & 3][p] += vec_load_part(x + n + p * VW, vec_part_count(runs.length - n - p * VW));
    }
    float sum[16] __attribute__((aligned(64)));
    for (int p = 0; p < VEC_PARTS; p++)
        vec_store(sum + p * VW, (total[0][p] + total[2][p]) + (total[1][p] + total[3][p]));
    return vec_sum16(sum);
}

void LEVEL(sum_rows)(int64_t rows, int64_t positions, int64_t lanes, int64_t leaves, const float *x,
                     float *sums)
{
    struct vec_runs runs = vec_runs_of_leaf(positions, lanes, leaves);
    for (int64_t r = 0; r < rows; r++, x += positions * lanes) {
        struct vec_tree tree = {.height = 0};
        for (int64_t leaf = 0; leaf < leaves; leaf++)
            sums[r] = vec_tree_add(&tree, leaf, sum_one_leaf(x + leaf * (lanes / leaves), runs));
    }
}
