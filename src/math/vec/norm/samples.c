/* samples.c - normalises every sample by itself: statistics of each column of a matrix [rows][columns]. */
#include "math/vec/norm/wide.h"

#define BLOCK_FLOATS 16384 /* of a block of rows */

/* What stays in registers while a block of rows passes: two sums for each of 16 columns. */
struct column_sums {
    wide first[WIDE_PARTS], second[WIDE_PARTS];
};

VEC_INLINE struct column_sums samples_load_sums(const double *scratch, int64_t columns)
{
    struct column_sums s;
    memcpy(s.first, scratch, sizeof s.first);
    memcpy(s.second, scratch + columns, sizeof s.second);
    return s;
}

VEC_INLINE void samples_store_sums(const struct column_sums *s, double *scratch, int64_t columns)
{
    memcpy(scratch, s->first, sizeof s->first);
    memcpy(scratch + columns, s->second, sizeof s->second);
}

static int64_t samples_block(const struct sample_norm *n)
{
    int64_t rows = BLOCK_FLOATS / n->columns;
    return rows < 1 ? 1 : rows;
}

static int64_t samples_end(const struct sample_norm *n, int64_t first)
{
    int64_t end = first + samples_block(n);
    return end < n->rows ? end : n->rows;
}

/* Sums of x and x * x. */
static void samples_sum_values(const struct sample_norm *n, const float *x, double *scratch)
{
    memset(scratch, 0, 2 * (size_t)n->columns * sizeof *scratch);
    for (int64_t first = 0; first < n->rows; first += samples_block(n))
        for (int64_t c = 0; c < n->columns; c += 16) {
            struct column_sums s = samples_load_sums(scratch + c, n->columns);
            for (int64_t r = first; r < samples_end(n, first); r++)
#pragma GCC unroll 8
                for (int i = 0; i < WIDE_PARTS; i++) {
                    wide value = wide_of(narrow_load(x + r * n->row_stride + c + i * WIDE));
                    s.first[i] += value;
                    s.second[i] += value * value;
                }
            samples_store_sums(&s, scratch + c, n->columns);
        }
}

/* From the sums to the moments. */
static void samples_finish_moments(const struct sample_norm *n, const double *scratch, float *moments)
{
    double rows = (double)n->rows, eps = (double)n->eps;
    for (int64_t c = 0; c < n->columns; c++) {
        double mean = n->centred ? scratch[c] / rows : 0;
        double variance = scratch[n->columns + c] / rows - mean * mean;
        variance = variance < 0 ? 0 : variance;
        /* a single value always becomes 0, and nothing flows back */
        double factor = n->centred && n->rows == 1 ? 0 : 1 / __builtin_sqrt(variance + eps);
        float rounded = (float)mean;
        moments[c] = rounded;
        moments[n->columns + c] = (float)factor;
        moments[2 * n->columns + c] = (float)(((double)rounded - mean) * factor);
    }
}

/* Where the moments of a register's columns are. */
VEC_INLINE vec samples_normalise(const struct sample_norm *n, vec x, const float *moments)
{
    return (x - vec_load(moments)) * vec_load(moments + n->columns) + vec_load(moments + 2 * n->columns);
}

void LEVEL(norm_samples_forward)(const struct sample_norm *n, const float *x, float *y, float *moments,
                                 double *scratch)
{
    samples_sum_values(n, x, scratch);
    samples_finish_moments(n, scratch, moments);
    for (int64_t r = 0, w = 0; r < n->rows; w++) {
        float weight = n->weight ? n->weight[w] : 1, bias = n->bias ? n->bias[w] : 0;
        for (int64_t end = r + n->rows_per_weight; r < end; r++)
            for (int64_t c = 0, at = r * n->row_stride; c < n->columns; c += VW, at += VW)
                vec_store(y + at, samples_normalise(n, vec_load(x + at), moments + c) * weight + bias);
    }
}

/* Sums of the gradient of the normalised x, and of that times the normalised x. */
static void samples_sum_gradients(const struct sample_norm *n, const float *x, const float *dy,
                                  const float *moments, double *scratch)
{
    memset(scratch, 0, 2 * (size_t)n->columns * sizeof *scratch);
    for (int64_t first = 0; first < n->rows; first += samples_block(n))
        for (int64_t c = 0; c < n->columns; c += 16) {
            struct column_sums s = samples_load_sums(scratch + c, n->columns);
            int64_t w = first / n->rows_per_weight, left = (w + 1) * n->rows_per_weight - first;
            for (int64_t r = first; r < samples_end(n, first); r++) {
                float weight = n->weight ? n->weight[w] : 1;
                if (--left == 0) w++, left = n->rows_per_weight;
#pragma GCC unroll 8
                for (int i = 0; i < WIDE_PARTS; i++) {
                    int64_t at = r * n->row_stride + c + i * WIDE;
                    const float *m = moments + c + i * WIDE;
                    narrow off = narrow_load(x + at) - narrow_load(m);
                    narrow unit = off * narrow_load(m + n->columns) + narrow_load(m + 2 * n->columns);
                    wide gradient = wide_of(narrow_load(dy + at) * weight);
                    s.first[i] += gradient;
                    s.second[i] += gradient * wide_of(unit);
                }
            }
            samples_store_sums(&s, scratch + c, n->columns);
        }
}

/* Their means [2][columns]. */
static void samples_finish_means(const struct sample_norm *n, const double *scratch, float *means)
{
    double rows = (double)n->rows;
    for (int64_t c = 0; c < n->columns; c++) {
        means[c] = n->centred ? (float)(scratch[c] / rows) : 0;
        means[n->columns + c] = (float)(scratch[n->columns + c] / rows);
    }
}

/* One register of dx; returns dy times the normalised x. */
VEC_INLINE vec samples_slope(const struct sample_norm *n, float weight, vec x, vec dy, const float *moments,
                             const float *means, float *dx)
{
    vec unit = samples_normalise(n, x, moments);
    if (dx) {
        vec rest = dy * weight - vec_load(means);
        vec slope = rest - unit * vec_load(means + n->columns);
        vec_store(dx, slope * vec_load(moments + n->columns));
    }
    return dy * unit;
}

/* The rows of one weight in the lanes of one leaf: dx, and its sums. */
VEC_INLINE void samples_run_leaf(const struct sample_norm *n, float weight, int64_t rows, int64_t leaf,
                                 const float *x, const float *dy, const float *moments, const float *means,
                                 float *dx, double *sums)
{
    int64_t width = n->lanes / n->leaves;
    wide first[WIDE_PARTS] = {{0}}, second[WIDE_PARTS] = {{0}};
    for (int64_t r = 0; r < rows; r++)
        for (int64_t position = leaf * width; position < n->columns; position += n->lanes)
            for (int64_t c = position; c < position + width; c += 16) {
                /* dx may be dy */
                float products[16] __attribute__((aligned(64))), gradients[16] __attribute__((aligned(64)));
                int64_t at = r * n->row_stride + c;
                for (int i = 0; i < 16; i += VW) {
                    vec gradient = vec_load(dy + at + i);
                    vec_store(gradients + i, gradient);
                    vec_store(products + i,
                              samples_slope(n, weight, vec_load(x + at + i), gradient, moments + c + i,
                                            means + c + i, dx ? dx + at + i : NULL));
                }
                if (!sums) continue;
#pragma GCC unroll 8
                for (int i = 0; i < WIDE_PARTS; i++) {
                    first[i] += wide_of(narrow_load(products + i * WIDE));
                    second[i] += wide_of(narrow_load(gradients + i * WIDE));
                }
            }
    if (!sums) return;
    double of_products[16], of_dy[16];
    memcpy(of_products, first, sizeof first);
    memcpy(of_dy, second, sizeof second);
    sums[0] += wide_sum16(of_products);
    sums[1] += wide_sum16(of_dy);
}

void LEVEL(norm_samples_backward)(const struct sample_norm *n, const float *x, const float *dy,
                                  const float *moments, float *dx, double *sums, double *scratch)
{
    float *means = (float *)(scratch + 2 * n->columns);
    samples_sum_gradients(n, x, dy, moments, scratch);
    samples_finish_means(n, scratch, means);
    for (int64_t first = 0; first < n->rows; first += n->rows_per_weight) {
        int64_t w = first / n->rows_per_weight, at = first * n->row_stride;
        float weight = n->weight ? n->weight[w] : 1;
        for (int64_t leaf = 0; leaf < n->leaves; leaf++)
            samples_run_leaf(n, weight, n->rows_per_weight, leaf, x + at, dy + at, moments, means,
                             dx ? dx + at : NULL, sums ? sums + 2 * (w * n->leaves + leaf) : NULL);
    }
}
