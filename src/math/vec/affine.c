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

/* One leaf of a row; the order of additions depends only on the leaf's own lanes. dx may be NULL. */
VEC_INLINE void affine_leaf_backward(enum affine_kind kind, const struct rows *r, float weight,
                                     const float *x, const float *dy, float *dx, struct affine_sums *sums)
{
    int64_t leaf_lanes = r->lanes / r->leaves, n = 0, at = 0;
    *sums = (struct affine_sums){{{{0}}}};
    for (int64_t turn = 0; turn < r->positions * leaf_lanes / 16; turn++, n += 16) {
        if (n == leaf_lanes) n = 0, at += r->lanes;
        for (int p = 0; p < VEC_PARTS; p++) {
            int64_t i = at + n + p * VW;
            vec gradient;
            affine_add_part(kind, weight, vec_load(x + i), vec_load(dy + i), &gradient,
                            &sums->weight[turn & 1][p], &sums->bias[turn & 1][p]);
            if (dx) vec_store(dx + i, gradient);
        }
    }
}

VEC_INLINE void affine_rows_backward(enum affine_kind kind, const struct rows *r, const float *weight,
                                     const float *x, const float *dy, float *dx, float *dweight, float *dbias)
{
    int64_t count = r->positions * r->lanes, leaf_lanes = r->lanes / r->leaves;
    for (int64_t row = 0; row < r->rows; row++) {
        struct vec_tree weights = {.height = 0}, biases = {.height = 0};
        for (int64_t leaf = 0; leaf < r->leaves; leaf++) {
            int64_t at = row * count + leaf * leaf_lanes;
            struct affine_sums sums;
            affine_leaf_backward(kind, r, weight[row], x + at, dy + at, dx ? dx + at : NULL, &sums);
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
