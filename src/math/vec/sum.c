/* sum.c - sums over the lanes of virtual ranks. */
#include "math/vec/vec.h"

/* One virtual rank: groups of 16 lanes go in turn to four chains of 16 accumulators, which hide the latency of the
 * additions. The order depends only on the virtual rank's own groups. */
static float sum_leaf(const float *x, int64_t runs, int64_t leaf_lanes, int64_t lanes)
{
    vec total[4][VEC_PARTS] = {{{0}}};
    int64_t n = 0, group = 0;
    for (; group < runs * leaf_lanes / 16; group++, n += 16) {
        if (n == leaf_lanes) n = 0, x += lanes;
        for (int p = 0; p < VEC_PARTS; p++) total[group & 3][p] += vec_load(x + n + p * VW);
    }
    float sum[16] __attribute__((aligned(64)));
    for (int p = 0; p < VEC_PARTS; p++)
        vec_store(sum + p * VW, (total[0][p] + total[2][p]) + (total[1][p] + total[3][p]));
    return vec_sum16(sum);
}

void LEVEL(sum_rows)(int64_t rows, int64_t runs, int64_t lanes, int64_t leaves, const float *x, float *sums)
{
    for (int64_t r = 0; r < rows; r++, x += runs * lanes) {
        float waiting[VEC_TREE_LEVELS], sum = 0;
        int height = 0;
        for (int64_t leaf = 0; leaf < leaves; leaf++) {
            sum = sum_leaf(x + leaf * (lanes / leaves), runs, lanes / leaves, lanes);
            for (int64_t done = leaf; done & 1; done >>= 1) sum = waiting[--height] + sum;
            waiting[height++] = sum;
        }
        sums[r] = sum;
    }
}
