/* max_norm.c - limits the norms of the rows of weights. */
#include "optim/max_norm.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "math/loop.h"
#include "optim/optimizers/norm.h"
#include "optim/update.h"

#define MAX_NORM_EPS 1e-7 /* as torch.renorm */

LOOP_BODY void max_norm_square_body(int64_t count, const float *x, double *sum)
{
    struct norm n = {0};
    norm_add(&n, count, x);
    *sum = norm_sum(&n);
}
LOOP_VERSIONS(max_norm_square, (int64_t count, const float *x, double *sum), (count, x, sum))

LOOP_BODY void max_norm_scale_body(int64_t count, float factor, float *x)
{
    for (int64_t i = 0; i < count; i++) x[i] *= factor;
}
LOOP_VERSIONS(max_norm_scale, (int64_t count, float factor, float *x), (count, factor, x))

enum status max_norm_init(struct max_norm *m, const struct kernels *kernels, double bound,
                          const struct update_tensor *tensors, int64_t tensor_count)
{
    int64_t rows = 0, end = 0;
    *m = (struct max_norm){
        .kernels = kernels, .bound = bound, .tensors = tensors, .tensor_count = tensor_count};
    TRY(mem_alloc(&m->first_rows, (size_t)tensor_count, sizeof *m->first_rows, "rows of the tensors"));
    for (int64_t t = 0; t < tensor_count; t++) {
        m->first_rows[t] = rows;
        rows += tensors[t].rows;
        end = tensors[t].first + tensors[t].count;
    }
    TRY(mem_alloc(&m->factors, (size_t)rows, sizeof *m->factors, "rows of the tensors"));
    /* a piece begins with a cell or with a row */
    m->piece_count = end / UPDATE_CELL + 1 + rows;
    return mem_alloc(&m->pieces, (size_t)m->piece_count, sizeof *m->pieces, "norms of the rows");
}

void max_norm_free(struct max_norm *m)
{
    mem_free(&m->first_rows);
    mem_free(&m->factors);
    mem_free(&m->pieces);
}

/* A piece of a row: [first, first + count) of the vector. */
struct max_norm_piece {
    int64_t row; /* of its tensor */
    int64_t first, count;
    int64_t index; /* in m->pieces */
};

/* Returns the piece at `at`, cut at `end`; count 0 in the gap behind the last row. */
static struct max_norm_piece max_norm_piece_at(const struct max_norm *m, int64_t tensor, int64_t at,
                                               int64_t end)
{
    const struct update_tensor *t = &m->tensors[tensor];
    struct max_norm_piece p = {.row = (at - t->first) / t->row_floats, .first = at};
    if (p.row >= t->rows) return p;
    int64_t next = t->first + (p.row + 1) * t->row_floats, cell = (at / UPDATE_CELL + 1) * UPDATE_CELL;
    if (cell < next) next = cell;
    p.count = (next < end ? next : end) - at;
    p.index = at / UPDATE_CELL + m->first_rows[tensor] + p.row;
    return p;
}

void max_norm_measure(struct max_norm *m, int64_t tensor, int64_t first, int64_t count, const float *weights)
{
    for (int64_t at = first; at < first + count;) {
        struct max_norm_piece p = max_norm_piece_at(m, tensor, at, first + count);
        if (p.count == 0) return;
        max_norm_square[m->kernels->number](p.count, weights + (at - first), &m->pieces[p.index]);
        at += p.count;
    }
}

static float max_norm_find_factor(const struct max_norm *m, int64_t tensor, int64_t row)
{
    const struct update_tensor *t = &m->tensors[tensor];
    double sum = 0;
    int64_t first = t->first + row * t->row_floats, end = first + t->row_floats;
    for (int64_t at = first; at < end;) {
        struct max_norm_piece p = max_norm_piece_at(m, tensor, at, end);
        sum += m->pieces[p.index];
        at += p.count;
    }
    double norm = sqrt(sum);
    return norm > m->bound ? (float)(m->bound / (norm + MAX_NORM_EPS)) : 1;
}

void max_norm_finish(struct max_norm *m)
{
    for (int64_t t = 0; t < m->tensor_count; t++)
        for (int64_t row = 0; row < m->tensors[t].rows; row++)
            m->factors[m->first_rows[t] + row] = max_norm_find_factor(m, t, row);
}

void max_norm_limit(const struct max_norm *m, int64_t tensor, int64_t first, int64_t count, float *weights)
{
    for (int64_t at = first; at < first + count;) {
        struct max_norm_piece p = max_norm_piece_at(m, tensor, at, first + count);
        if (p.count == 0) return;
        float factor = m->factors[m->first_rows[tensor] + p.row];
        if (factor != 1) max_norm_scale[m->kernels->number](p.count, factor, weights + (at - first));
        at += p.count;
    }
}
