/* samples.c - layers that normalise every sample by itself. */
#include "nn/layers/norm/norm.h"

#include <string.h>

struct norm_groups norm_group_channels(const struct layer *l, int64_t channels)
{
    int64_t positions = shape_positions(l->in[0]), rows = channels * positions;
    return (struct norm_groups){.count = l->in[0].c / channels,
                                .stride = rows,
                                .rows = rows,
                                .row_stride = 1,
                                .positions = 1,
                                .left = 1,
                                .rows_per_weight = positions,
                                .weights = l->in[0].c,
                                .weight_step = channels,
                                .centred = true};
}

/* Doubles of the sums for weight and bias, a whole number of lines of 64 bytes: vectors stand behind them. */
static int64_t samples_count_sums(const struct norm_groups *g, int64_t leaves)
{
    return (2 * g->weights * leaves + 7) / 8 * 8;
}

/* In scratch the sums come first, then what a kernel needs. A pass of fewer lanes has at most 16
 * columns more (axes.c). */
void norm_measure_samples(struct layer *l, const struct norm_groups *g)
{
    int64_t columns = g->positions * l->lanes, all = ((g->count - 1) * g->positions + g->left) * l->lanes;
    l->saved_bytes = (size_t)(3 * all) * sizeof(float);
    l->scratch_bytes =
        (size_t)(samples_count_sums(g, l->leaves) + SAMPLE_NORM_SCRATCH(columns)) * sizeof(double);
}

static const float *samples_tensor(const struct layer *l, const float *vector, int tensor)
{
    bool has = l->tensor_count > tensor && l->tensors[tensor].role == TENSOR_WEIGHT;
    return has ? vector + l->tensors[tensor].offset : NULL;
}

/* The matrices from `index` on that are alike: all but the last one, which may be narrower, or that one. */
static struct sample_norm samples_matrices(const struct layer *l, const struct pass *p,
                                           const struct norm_groups *g, double eps, int64_t index)
{
    const float *weight = samples_tensor(l, p->params, 0), *bias = samples_tensor(l, p->params, 1);
    int64_t first = index * g->weight_step, alike = g->left == g->positions ? g->count : g->count - 1;
    return (struct sample_norm){.count = index < alike ? alike - index : 1,
                                .stride = g->stride * p->lanes,
                                .weight_step = g->weight_step,
                                .rows = g->rows,
                                .row_stride = g->row_stride * p->lanes,
                                .columns = (index < alike ? g->positions : g->left) * p->lanes,
                                .lanes = p->lanes,
                                .leaves = p->leaves,
                                .rows_per_weight = g->rows_per_weight,
                                .eps = (float)eps,
                                .centred = g->centred,
                                .weight = weight ? weight + first : NULL,
                                .bias = bias ? bias + first : NULL};
}

void norm_forward_samples(const struct layer *l, const struct pass *p, const struct norm_groups *g,
                          double eps, const float *x, float *y)
{
    float *moments = l->saved;
    struct sample_norm n;
    for (int64_t i = 0; i < g->count; i += n.count) {
        n = samples_matrices(l, p, g, eps, i);
        int64_t at = i * n.stride;
        l->kernels->norm_samples_forward(&n, x + at, y + at, moments, l->scratch);
        moments += n.count * 3 * n.columns;
    }
}

/* Gradients of weight and bias from the sums of the leaves. */
static void samples_add_leaves(const struct layer *l, const struct pass *p, const struct norm_groups *g,
                               const double *sums)
{
    float *dweight = p->grads + l->tensors[0].offset;
    float *dbias = samples_tensor(l, p->params, 1) ? p->grads + l->tensors[1].offset : NULL;
    for (int64_t w = 0; w < g->weights; w++) {
        struct norm_tree weight, bias;
        norm_tree_begin(&weight), norm_tree_begin(&bias);
        for (int64_t leaf = 0; leaf < p->leaves; leaf++, sums += 2) {
            norm_tree_add(&weight, (float)sums[0]);
            norm_tree_add(&bias, (float)sums[1]);
        }
        dweight[w] = norm_tree_sum(&weight);
        if (dbias) dbias[w] = norm_tree_sum(&bias);
    }
}

void norm_backward_samples(const struct layer *l, const struct pass *p, const struct norm_groups *g,
                           double eps, const float *x, const float *dy, float *dx)
{
    const float *moments = l->saved;
    bool affine = samples_tensor(l, p->params, 0) != NULL;
    int64_t count = samples_count_sums(g, p->leaves);
    double *sums = l->scratch;
    memset(sums, 0, (size_t)count * sizeof *sums);
    struct sample_norm n;
    for (int64_t i = 0; i < g->count; i += n.count) {
        n = samples_matrices(l, p, g, eps, i);
        int64_t at = i * n.stride;
        double *of_matrix = affine ? sums + 2 * i * g->weight_step * p->leaves : NULL;
        l->kernels->norm_samples_backward(&n, x + at, dy + at, moments, dx ? dx + at : NULL, of_matrix,
                                          sums + count);
        moments += n.count * 3 * n.columns;
    }
    if (affine) samples_add_leaves(l, p, g, sums);
}
