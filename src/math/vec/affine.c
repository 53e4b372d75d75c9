/* affine.c - rows with factors, offsets or slopes of their own, which are learned. */
#include "math/vec/tree.h"

void LEVEL(affine_forward)(const struct rows *r, const float *weight, const float *bias, const float *x,
                           float *y)
{
    int64_t count = r->positions * r->lanes;
    for (int64_t row = 0; row < r->rows; row++, x += count, y += count) {
        float factor = weight[row], offset = bias ? bias[row] : 0;
        for (int64_t i = 0; i < count; i++) y[i] = x[i] * factor + offset;
    }
}

void LEVEL(prelu_forward)(const struct rows *r, const float *weight, const float *x, float *y)
{
    int64_t count = r->positions * r->lanes;
    for (int64_t row = 0; row < r->rows; row++, x += count, y += count) {
        float slope = weight[row];
        for (int64_t i = 0; i < count; i++) y[i] = x[i] > 0 ? x[i] : x[i] * slope;
    }
}

/* What the gradients of a row's parameters consist of, by lanes of a vector and in two chains of additions. */
struct affine_sums {
    vec weight[2][VEC_PARTS], bias[2][VEC_PARTS];
};

enum affine_kind { AFFINE, AFFINE_PRELU };

VEC_INLINE void affine_add_part(enum affine_kind kind, float weight, vec x, vec dy, vec *dx, vec *dweight,
                                vec *dbias)
{
    if (kind == AFFINE) {
        *dx = dy * weight;
        *dweight += x * dy;
        *dbias += dy;
    } else {
        veci above = x > 0.0f;
        *dx = vec_select(above, dy, dy * weight);
        *dweight += vec_select(above, vec_all(0), x * dy);
    }
}

VEC_INLINE float affine_total(vec sums[2][VEC_PARTS])
{
    float sum[16] __attribute__((aligned(64)));
    for (int p = 0; p < VEC_PARTS; p++) vec_store(sum + p * VW, sums[0][p] + sums[1][p]);
    return vec_sum16(sum);
}

/* One leaf of a row, 16 floats at a time; the order of additions depends only on the leaf's own lanes. dx may
 * be NULL. */
VEC_INLINE void affine_leaf_backward(enum affine_kind kind, struct vec_runs runs, float weight,
                                     const float *x, const float *dy, float *dx, struct affine_sums *sums)
{
    vec gradient;
    int64_t turn = 0;
    *sums = (struct affine_sums){{{{0}}}};
    for (int64_t run = 0; run < runs.count; run++) {
        int64_t i = run * runs.stride, end = i + runs.length;
        for (; i + 16 <= end; turn++)
            for (int p = 0; p < VEC_PARTS; p++, i += VW) {
                affine_add_part(kind, weight, vec_load_any(x + i), vec_load_any(dy + i), &gradient,
                                &sums->weight[turn & 1][p], &sums->bias[turn & 1][p]);
                if (dx) vec_store_any(dx + i, gradient);
            }
        for (int p = 0; i < end; p++, i += VW) {
            int64_t count = vec_part_count(end - i);
            affine_add_part(kind, weight, vec_load_part(x + i, count), vec_load_part(dy + i, count),
                            &gradient, &sums->weight[turn & 1][p], &sums->bias[turn & 1][p]);
            if (dx) vec_store_part(dx + i, count, gradient);
        }
    }
}

VEC_INLINE void affine_rows_backward(enum affine_kind kind, const struct rows *r, const float *weight,
                                     const float *x, const float *dy, float *dx, float *dweight, float *dbias)
{
    int64_t count = r->positions * r->lanes, leaf_lanes = r->lanes / r->leaves;
    struct vec_runs runs = vec_runs_of_leaf(r->positions, r->lanes, r->leaves);
    for (int64_t row = 0; row < r->rows; row++) {
        struct vec_tree weights = {.height = 0}, biases = {.height = 0};
        for (int64_t leaf = 0; leaf < r->leaves; leaf++) {
            int64_t at = row * count + leaf * leaf_lanes;
            struct affine_sums sums;
            affine_leaf_backward(kind, runs, weight[row], x + at, dy + at, dx ? dx + at : NULL, &sums);
            dweight[row] = vec_tree_add(&weights, leaf, affine_total(sums.weight));
            if (dbias) dbias[row] = vec_tree_add(&biases, leaf, affine_total(sums.bias));
        }
    }
}

void LEVEL(affine_backward)(const struct rows *r, const float *weight, const float *x, const float *dy,
                            float *dx, float *dweight, float *dbias)
{
    affine_rows_backward(AFFINE, r, weight, x, dy, dx, dweight, dbias);
}

void LEVEL(prelu_backward)(const struct rows *r, const float *weight, const float *x, const float *dy,
                           float *dx, float *dweight)
{
    affine_rows_backward(AFFINE_PRELU, r, weight, x, dy, dx, dweight, NULL);
}
