/* samples.c - normalises every sample by itself: every column of matrices [rows][columns].
 *
 * Where rows are neighbours in memory, registers reach over the ends of rows, so that few columns are as fast as
 * many. */
#include "math/vec/norm/samples.h"

#define FEW        16  /* floats of a weight that are too few for a run of their own */
#define FEW_FLOATS 512 /* of such weights, side by side */

/* What a column is normalised by, [3][step] and [2][step]: behind the columns of a matrix whose columns fill no
 * whole registers they begin again, for a register that reaches into the next row. Loops take a copy of it, which
 * stays in registers. */
struct column_tables {
    const float *moments, *means;
    int64_t step;
    int64_t columns, turn; /* of a row; that the column of a register goes on by from one to the next */
};

/* The place of the tables in scratch, behind the sums. */
static float *samples_tables(const struct column_sums *s)
{
    return (float *)(s->second + s->group * s->width);
}

static struct column_tables samples_tables_of(const struct sample_norm *n, const float *moments,
                                              const float *means, int64_t step)
{
    return (struct column_tables){moments, means, step, n->columns, VW % n->columns};
}

static int64_t samples_table_step(const struct sample_norm *n)
{
    return n->columns % 16 == 0 ? n->columns : n->columns + 16;
}

static const float *samples_table_moments(const struct sample_norm *n, const float *moments, float *table)
{
    int64_t step = samples_table_step(n);
    if (step == n->columns) return moments;
    for (int64_t t = 0; t < 3; t++, table += step, moments += n->columns) {
        memcpy(table, moments, (size_t)n->columns * sizeof *table);
        for (int64_t c = n->columns; c < n->columns + VW; c++) table[c] = table[c - n->columns];
    }
    return table - 3 * step;
}

/* From the sums of a matrix to the moments. */
static void samples_finish_moments(const struct sample_norm *n, const double *first, const double *second,
                                   float *moments)
{
    double rows = (double)n->rows, eps = (double)n->eps;
    for (int64_t c = 0; c < n->columns; c++) {
        double mean = n->centred ? first[c] / rows : 0;
        double variance = second[c] / rows - mean * mean;
        variance = variance < 0 ? 0 : variance;
        /* a single value always becomes 0, and nothing flows back */
        double factor = n->centred && n->rows == 1 ? 0 : 1 / __builtin_sqrt(variance + eps);
        float rounded = (float)mean;
        moments[c] = rounded;
        moments[n->columns + c] = (float)factor;
        moments[2 * n->columns + c] = (float)(((double)rounded - mean) * factor);
    }
}

/* From the sums of gradients to their means. */
static void samples_finish_means(const struct sample_norm *n, const double *first, const double *second,
                                 float *means)
{
    int64_t step = samples_table_step(n), count = step == n->columns ? step : n->columns + VW;
    double rows = (double)n->rows;
    for (int64_t c = 0; c < n->columns; c++) {
        means[c] = n->centred ? (float)(first[c] / rows) : 0;
        means[step + c] = (float)(second[c] / rows);
    }
    for (int64_t c = n->columns; c < count; c++) {
        means[c] = means[c - n->columns];
        means[step + c] = means[step + c - n->columns];
    }
}

/* The column of the next register of a run, which may reach over the ends of rows. */
VEC_INLINE int64_t samples_turn(const struct column_tables *t, int64_t column)
{
    column += t->turn;
    return column < t->columns ? column : column - t->columns;
}

VEC_INLINE vec samples_normalise(const struct column_tables *t, int64_t column, vec x)
{
    const float *m = t->moments + column;
    return (x - vec_load_any(m)) * vec_load_any(m + t->step) + vec_load_any(m + 2 * t->step);
}

/* The factors of a run: `all`, or those of `each` float unless this is NULL. */
struct run_weight {
    vec all;
    const float *each;
};

VEC_INLINE vec samples_weight(const struct run_weight *w, int64_t i, int64_t count)
{
    if (!w->each) return w->all;
    return vec_load_some(w->each + i, count);
}

/* The factor and the offset come first: a product and a sum with a branch between them would not be contracted. */
VEC_INLINE vec samples_value(const struct column_tables *t, int64_t column, vec x, vec factor, vec offset)
{
    return samples_normalise(t, column, x) * factor + offset;
}

VEC_INLINE void samples_run_forward(const struct column_tables *t, int64_t length, struct run_weight weight,
                                    struct run_weight bias, const float *x, float *y)
{
    int64_t i = 0, column = 0;
    for (; i + VW <= length; i += VW, column = samples_turn(t, column)) {
        vec factor = samples_weight(&weight, i, VW), offset = samples_weight(&bias, i, VW);
        vec_store_any(y + i, samples_value(t, column, vec_load_any(x + i), factor, offset));
    }
    if (i == length) return;
    int64_t rest = length - i;
    vec factor = samples_weight(&weight, i, rest), offset = samples_weight(&bias, i, rest);
    vec_store_part(y + i, rest, samples_value(t, column, vec_load_part(x + i, rest), factor, offset));
}

/* How the floats of a weight lie in one leaf: runs of `length` floats, which begin `stride` floats apart, at every
 * position if there are several leaves. */
struct weight_runs {
    int64_t rows, runs, length, stride;
    bool few; /* so few that weights share runs */
};

static struct weight_runs samples_weight_runs(const struct sample_norm *n, int64_t leaves)
{
    int64_t rows = n->weight ? n->rows_per_weight : n->rows;
    if (leaves > 1) return (struct weight_runs){rows, rows, n->lanes / leaves, n->row_stride, false};
    if (n->row_stride != n->columns)
        return (struct weight_runs){rows, rows, n->columns, n->row_stride, false};
    int64_t length = rows * n->columns;
    return (struct weight_runs){rows, 1, length, length, length < FEW && n->weight};
}

/* Repeats each of `count` weights `times` times, fewer than 16; behind them up to 16 floats are written. */
static const float *samples_repeat(const float *weight, int64_t count, int64_t times, float *to)
{
    if (!weight || times == 1) return weight;
    for (int64_t w = 0; w < count; w++)
        for (int64_t i = 0; i < times; i += VW) vec_store_any(to + w * times + i, vec_all(weight[w]));
    return to;
}

/* Weights of few floats each: as many at a time as fit into FEW_FLOATS. */
static void samples_forward_few(const struct sample_norm *n, const struct weight_runs *r,
                                const struct column_tables *t, const float *weight, const float *bias,
                                const float *x, float *y)
{
    const struct column_tables tables = *t;
    float weights[FEW_FLOATS + 16], biases[FEW_FLOATS + 16];
    int64_t all = n->rows / r->rows, block = FEW_FLOATS / r->length;
    for (int64_t w = 0; w < all; w += block) {
        int64_t count = all - w < block ? all - w : block, at = w * r->length;
        struct run_weight factor = {{0}, samples_repeat(weight + w, count, r->length, weights)};
        struct run_weight offset = {{0}, bias ? samples_repeat(bias + w, count, r->length, biases) : NULL};
        samples_run_forward(&tables, count * r->length, factor, offset, x + at, y + at);
    }
}

static void samples_forward_matrix(const struct sample_norm *n, const struct column_tables *t,
                                   const float *weight, const float *bias, const float *x, float *y)
{
    const struct column_tables tables = *t;
    const struct weight_runs r = samples_weight_runs(n, 1);
    const int64_t weights = n->rows / r.rows;
    if (r.few) {
        samples_forward_few(n, &r, t, weight, bias, x, y);
        return;
    }
    for (int64_t w = 0; w < weights; w++) {
        struct run_weight factor = {vec_all(weight ? weight[w] : 1), NULL};
        struct run_weight offset = {vec_all(bias ? bias[w] : 0), NULL};
        for (int64_t i = 0; i < r.runs; i++, x += r.stride, y += r.stride)
            samples_run_forward(&tables, r.length, factor, offset, x, y);
    }
}

void LEVEL(norm_samples_forward)(const struct sample_norm *n, const float *x, float *y, float *moments,
                                 double *scratch)
{
    struct column_sums s = samples_place_sums(n, scratch);
    for (int64_t i = 0; i < n->count; i++, x += n->stride, y += n->stride, moments += 3 * n->columns) {
        int64_t at = i % s.group, group = n->count - i < s.group ? n->count - i : s.group;
        if (at == 0) LEVEL(samples_sum)(n, &s, group, x, NULL, NULL);
        samples_finish_moments(n, s.first + at * s.width, s.second + at * s.width, moments);
        struct column_tables t = samples_tables_of(n, samples_table_moments(n, moments, samples_tables(&s)),
                                                   NULL, samples_table_step(n));
        int64_t w = i * n->weight_step;
        samples_forward_matrix(n, &t, n->weight ? n->weight + w : NULL, n->bias ? n->bias + w : NULL, x, y);
    }
}

/* One register: dx, and dy times the normalised x. */
VEC_INLINE vec samples_slope(const struct column_tables *t, int64_t column, vec weight, vec x, vec dy,
                             vec *dx)
{
    vec unit = samples_normalise(t, column, x);
    vec rest = dy * weight - vec_load_any(t->means + column);
    vec slope = rest - unit * vec_load_any(t->means + t->step + column);
    *dx = slope * vec_load_any(t->moments + t->step + column);
    return dy * unit;
}

/* The next `count` floats of a run, at most 16, from `column` on, and those of their sums, behind which there are zeros. dx may be dy. */
VEC_INLINE void samples_step(const struct column_tables *t, int64_t *column, const struct run_weight *weight,
                             int64_t count, const float *x, const float *dy, float *dx, float products[16],
                             float gradients[16])
{
    for (int i = 0; i < 16; i += VW, *column = samples_turn(t, *column)) {
        vec slope;
        if (count == 16) {
            vec gradient = vec_load_any(dy + i);
            vec_store_any(gradients + i, gradient);
            vec_store_any(products + i, samples_slope(t, *column, samples_weight(weight, i, VW),
                                                      vec_load_any(x + i), gradient, &slope));
            if (dx) vec_store_any(dx + i, slope);
        } else {
            int64_t part = vec_part_count(count - i);
            vec gradient = vec_load_part(dy + i, part);
            vec_store_any(gradients + i, gradient);
            vec_store_any(products + i, samples_slope(t, *column, samples_weight(weight, i, part),
                                                      vec_load_part(x + i, part), gradient, &slope));
            if (dx) vec_store_part(dx + i, part, slope);
        }
    }
}

/* The sums of one weight in one leaf. */
struct leaf_sums {
    wide first[WIDE_PARTS], second[WIDE_PARTS];
};

VEC_INLINE void samples_add_step(struct leaf_sums *s, const float products[16], const float gradients[16])
{
    VEC_EACH (i, WIDE_PARTS) {
        s->first[i] += wide_of(narrow_load(products + i * WIDE));
        s->second[i] += wide_of(narrow_load(gradients + i * WIDE));
    }
}

VEC_INLINE void samples_finish_leaf(const struct leaf_sums *s, double *sums)
{
    double first[16], second[16];
    memcpy(first, s->first, sizeof first);
    memcpy(second, s->second, sizeof second);
    sums[0] += wide_sum16(first);
    sums[1] += wide_sum16(second);
}

/* Adds the sums of a run of weights of few floats each, in the order of these. */
VEC_INLINE void samples_add_few(int64_t count, int64_t length, const float *products, const float *gradients,
                                double *sums)
{
    for (int64_t w = 0; w < count; w++, sums += 2)
        for (int64_t i = w * length; i < (w + 1) * length; i++) {
            sums[0] += (double)products[i];
            sums[1] += (double)gradients[i];
        }
}

static void samples_backward_few(const struct sample_norm *n, const struct weight_runs *r,
                                 const struct column_tables *t, const float *weight, const float *x,
                                 const float *dy, float *dx, double *sums)
{
    const struct column_tables tables = *t;
    float weights[FEW_FLOATS + 16], products[FEW_FLOATS + 16], gradients[FEW_FLOATS + 16];
    int64_t all = n->rows / r->rows, block = FEW_FLOATS / r->length;
    for (int64_t w = 0; w < all; w += block) {
        int64_t count = all - w < block ? all - w : block, length = count * r->length;
        struct run_weight factor = {{0}, samples_repeat(weight + w, count, r->length, weights)};
        int64_t column = 0;
        for (int64_t i = 0, at = w * r->length; i < length; i += 16, at += 16, factor.each += 16)
            samples_step(&tables, &column, &factor, length - i < 16 ? length - i : 16, x + at, dy + at,
                         dx ? dx + at : NULL, products + i, gradients + i);
        samples_add_few(count, r->length, products, gradients, sums + 2 * w);
    }
}

/* The runs of one weight in a leaf whose lanes begin with `first`: dx, and their sums unless these are NULL. */
VEC_INLINE void samples_backward_runs(const struct sample_norm *n, const struct weight_runs *r, int64_t first,
                                      const struct column_tables *t, float weight, const float *x,
                                      const float *dy, float *dx, double *sums)
{
    float products[16] __attribute__((aligned(64))), gradients[16] __attribute__((aligned(64)));
    const struct column_tables tables = *t;
    const struct run_weight factor = {vec_all(weight), NULL};
    struct leaf_sums total = {{{0}}, {{0}}};
    int64_t turn = n->leaves == 1 ? n->columns : n->lanes; /* to the leaf's lanes at the next position */
    for (int64_t row = 0; row < r->runs; row++)
        for (int64_t column = first; column < n->columns; column += turn) {
            int64_t of_step = column, at = row * r->stride + column, end = at + r->length;
            for (; at + 16 <= end; at += 16) {
                samples_step(&tables, &of_step, &factor, 16, x + at, dy + at, dx ? dx + at : NULL, products,
                             gradients);
                if (sums) samples_add_step(&total, products, gradients);
            }
            if (at == end) continue;
            samples_step(&tables, &of_step, &factor, end - at, x + at, dy + at, dx ? dx + at : NULL, products,
                         gradients);
            if (sums) samples_add_step(&total, products, gradients);
        }
    if (sums) samples_finish_leaf(&total, sums);
}

static void samples_backward_matrix(const struct sample_norm *n, const struct column_tables *t,
                                    const float *weight, const float *x, const float *dy, float *dx,
                                    double *sums)
{
    const struct weight_runs r = samples_weight_runs(n, n->leaves);
    const int64_t weights = n->rows / r.rows, leaves = n->leaves, lanes = n->lanes / leaves;
    if (r.few) {
        samples_backward_few(n, &r, t, weight, x, dy, dx, sums);
        return;
    }
    for (int64_t w = 0; w < weights; w++)
        for (int64_t leaf = 0; leaf < leaves; leaf++) {
            int64_t at = w * r.rows * n->row_stride;
            samples_backward_runs(n, &r, leaf * lanes, t, weight ? weight[w] : 1, x + at, dy + at,
                                  dx ? dx + at : NULL, sums ? sums + 2 * (w * leaves + leaf) : NULL);
        }
}

void LEVEL(norm_samples_backward)(const struct sample_norm *n, const float *x, const float *dy,
                                  const float *moments, float *dx, double *sums, double *scratch)
{
    struct column_sums s = samples_place_sums(n, scratch);
    int64_t step = samples_table_step(n);
    float *table = samples_tables(&s), *means = table + 3 * step;
    for (int64_t i = 0; i < n->count; i++, x += n->stride, dy += n->stride, moments += 3 * n->columns) {
        int64_t at = i % s.group, group = n->count - i < s.group ? n->count - i : s.group;
        int64_t w = i * n->weight_step;
        if (at == 0) {
            struct sample_norm first = *n;
            if (n->weight) first.weight = n->weight + w;
            LEVEL(samples_sum)(&first, &s, group, x, dy, moments);
        }
        samples_finish_means(n, s.first + at * s.width, s.second + at * s.width, means);
        struct column_tables t = samples_tables_of(n, samples_table_moments(n, moments, table), means, step);
        samples_backward_matrix(n, &t, n->weight ? n->weight + w : NULL, x, dy,
                                dx ? dx + i * n->stride : NULL, sums ? sums + 2 * w * n->leaves : NULL);
    }
}
