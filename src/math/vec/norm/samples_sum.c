/* samples_sum.c - sums down the columns of matrices, one chain of additions for each.
 *
 * A sample has the same bits whatever stands beside it. Where a matrix has few columns, several matrices are
 * summed side by side, which hides the latency of the chains. */
#include "math/vec/norm/samples.h"

#define PIECES       SAMPLES_PIECES
#define BLOCK_FLOATS 16384 /* of a block of rows */

/* Half a register of columns of one matrix, of which the first `count` are there. */
struct piece {
    int64_t count, at;   /* floats from the first matrix of the group */
    const float *weight; /* where there are no weights, a 1 that stands for all */
    double *first, *second;
    narrow mean, factor, rest; /* the moments of the columns */
};

/* The piece of half register `block` of a matrix. */
VEC_INLINE struct piece samples_piece(const struct sample_norm *n, const struct column_sums *s,
                                      int64_t matrix, int64_t block, const float *moments)
{
    static const float one = 1;
    int64_t column = block * WIDE, left = n->columns - column, sums = matrix * s->width + column;
    struct piece p = {.count = left < WIDE ? left : WIDE,
                      .at = matrix * n->stride + column,
                      .weight = n->weight ? n->weight + matrix * n->weight_step : &one,
                      .first = s->first + sums,
                      .second = s->second + sums};
    if (!moments) return p;
    const float *m = moments + matrix * 3 * n->columns + column;
    p.mean = narrow_load_part(m, p.count);
    p.factor = narrow_load_part(m + n->columns, p.count);
    p.rest = narrow_load_part(m + 2 * n->columns, p.count);
    return p;
}

VEC_INLINE narrow samples_load(bool whole, const float *p, int64_t count)
{
    return whole ? narrow_load(p) : narrow_load_part(p, count);
}

/* Adds the rows first .. end - 1 of PIECES pieces: x and x * x. */
VEC_INLINE void samples_add_values(const struct sample_norm *n, const struct piece p[PIECES], bool whole,
                                   int64_t begin, int64_t end, const float *x)
{
    wide first[PIECES], second[PIECES];
    for (int i = 0; i < PIECES; i++) {
        memcpy(&first[i], p[i].first, sizeof first[i]);
        memcpy(&second[i], p[i].second, sizeof second[i]);
    }
    for (int64_t r = begin; r < end; r++)
        VEC_EACH (i, PIECES) {
            wide value = wide_of(samples_load(whole, x + r * n->row_stride + p[i].at, p[i].count));
            first[i] += value;
            second[i] += value * value;
        }
    for (int i = 0; i < PIECES; i++) {
        memcpy(p[i].first, &first[i], sizeof first[i]);
        memcpy(p[i].second, &second[i], sizeof second[i]);
    }
}

/* The same of the gradient of the normalised x, and of that times the normalised x. */
VEC_INLINE void samples_add_gradients(const struct sample_norm *n, const struct piece p[PIECES], bool whole,
                                      int64_t begin, int64_t end, const float *x, const float *dy)
{
    wide first[PIECES], second[PIECES];
    for (int i = 0; i < PIECES; i++) {
        memcpy(&first[i], p[i].first, sizeof first[i]);
        memcpy(&second[i], p[i].second, sizeof second[i]);
    }
    const int64_t of_weight = n->weight ? n->rows_per_weight : n->rows;
    for (int64_t r = begin, w = begin / of_weight; r < end; w++) {
        int64_t stop = (w + 1) * of_weight < end ? (w + 1) * of_weight : end;
        float weight[PIECES];
        VEC_EACH (i, PIECES) weight[i] = p[i].weight[w];
        for (; r < stop; r++)
            VEC_EACH (i, PIECES) {
                int64_t at = r * n->row_stride + p[i].at;
                narrow off = samples_load(whole, x + at, p[i].count) - p[i].mean;
                narrow unit = off * p[i].factor + p[i].rest;
                wide gradient = wide_of(samples_load(whole, dy + at, p[i].count) * weight[i]);
                first[i] += gradient;
                second[i] += gradient * wide_of(unit);
            }
    }
    for (int i = 0; i < PIECES; i++) {
        memcpy(p[i].first, &first[i], sizeof first[i]);
        memcpy(p[i].second, &second[i], sizeof second[i]);
    }
}

/* Functions of their own, whose sums stay in registers. dy is NULL for values. */
static __attribute__((noinline)) void samples_add_whole(const struct sample_norm *n,
                                                        const struct piece p[PIECES], int64_t begin,
                                                        int64_t end, const float *x, const float *dy)
{
    if (dy)
        samples_add_gradients(n, p, true, begin, end, x, dy);
    else
        samples_add_values(n, p, true, begin, end, x);
}

static __attribute__((noinline)) void samples_add_part(const struct sample_norm *n,
                                                       const struct piece p[PIECES], int64_t begin,
                                                       int64_t end, const float *x, const float *dy)
{
    if (dy)
        samples_add_gradients(n, p, false, begin, end, x, dy);
    else
        samples_add_values(n, p, false, begin, end, x);
}

/* The next PIECES pieces of a group, from `block` of `matrix` on; where there are no more, the last one again, whose
 * sums are then stored again. Returns whether all are whole half registers. */
VEC_INLINE bool samples_next_pieces(const struct sample_norm *n, const struct column_sums *s, int64_t group,
                                    int64_t *matrix, int64_t *block, const float *moments,
                                    struct piece p[PIECES])
{
    bool whole = true;
    for (int i = 0; i < PIECES; i++) {
        if (*matrix == group) {
            p[i] = p[i - 1];
            continue;
        }
        p[i] = samples_piece(n, s, *matrix, *block, moments);
        whole = whole && p[i].count == WIDE;
        if (++*block == s->blocks) *block = 0, ++*matrix;
    }
    return whole;
}

void LEVEL(samples_sum)(const struct sample_norm *n, const struct column_sums *s, int64_t group,
                        const float *x, const float *dy, const float *moments)
{
    if (samples_are_woven(n)) {
        LEVEL(samples_sum_woven)(n, s, group, x, dy, moments);
        return;
    }
    int64_t rows = BLOCK_FLOATS / n->columns < 1 ? 1 : BLOCK_FLOATS / n->columns;
    memset(s->first, 0, 2 * (size_t)(s->group * s->width) * sizeof *s->first);
    for (int64_t begin = 0; begin < n->rows; begin += rows)
        for (int64_t matrix = 0, block = 0; matrix < group;) {
            int64_t end = begin + rows < n->rows ? begin + rows : n->rows;
            struct piece p[PIECES];
            if (samples_next_pieces(n, s, group, &matrix, &block, moments, p))
                samples_add_whole(n, p, begin, end, x, dy);
            else
                samples_add_part(n, p, begin, end, x, dy);
        }
}
