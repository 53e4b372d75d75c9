/* few.c - the products of a linear layer with fewer samples than fill a vector.
 *
 * All wait for W, or dW, whose elements are used as often as there are samples: so their rows are read, or
 * written, once and in long runs, and fill the vectors, while the values of the samples are broadcast:
 *
 *   sums[m][column] += matrix[k][column] * values[m][k]     one chain over k
 *
 *   forward   matrix = W^T, transposed in registers;  sums = Y^T
 *   data      matrix = W;                             sums = dX^T
 *   weight    matrix = X^T;                           sums = dW, a row at a time
 *
 * The chains are those of linear.c, so a sample has the same bits in any company. */
#include "math/vec/linear/few.h"

#include <assert.h>
#include <stdbool.h>

#include "math/vec/transpose.h"

/* Samples x vectors of a tile. 8 sums and more hide the latency of a fused multiply-add. */
#define TILE_SAMPLES (FEW_LANES - 1)
#define TILE_VECTORS 8
#define BLOCK        (TILE_VECTORS * VW) /* columns that all samples pass over before the next ones */

#define BUFFER      4096 /* floats that stay in the L1 cache beside what is read */
#define DATA_DEPTH  8    /* rows of W that are read side by side, so that a cache has places for them */
#define LONGEST_RUN 1024 /* floats of a row of W, or dW, before the next row */
#define AHEAD       256  /* floats of a row that are fetched ahead of those in use */
#define FORWARD_RUN 2048 /* columns of W before the next rows: their X stays in a cache */

#define LINE 16 /* floats of a cache line */

/* From as many elements of dW on its stores bypass the caches: what comes next will not find it there. */
#define STREAM_FLOATS ((int64_t)1 << 20)

struct few_product {
    int64_t samples, columns, depth;
    const float *matrix; /* [depth][columns], rows matrix_row apart */
    int64_t matrix_row;
    const float *values; /* of sample m at step k: values[m + k * value_step] */
    int64_t value_step;
    float *sums; /* [samples], rows sums_row apart */
    int64_t sums_row;
    bool resume;        /* the chains continue from the sums, else start at zero */
    const float *fetch; /* the matrix that is needed next, laid out as this one; NULL: it is at hand */
};

VEC_INLINE void few_store(float *to, vec v, const bool stream)
{
#if defined(__AVX512F__)
    if (stream) _mm512_stream_ps(to, (__m512)v);
#elif defined(__AVX__)
    if (stream) _mm256_stream_ps(to, (__m256)v);
#elif defined(__SSE__)
    if (stream) _mm_stream_ps(to, (__m128)v);
#else
    if (stream) vec_store(to, v);
#endif
    if (!stream) vec_store_any(to, v);
}

#define EACH(M, J, statement)                                                                                \
    VEC_EACH (m, M)                                                                                          \
        VEC_EACH (j, J) statement

/* M samples, J vectors of columns from `column` on. */
VEC_INLINE void few_tile(const int M, const int J, const bool stream, const struct few_product *p,
                         int64_t column)
{
    vec sum[TILE_SAMPLES][TILE_VECTORS];
    float *to = p->sums + column;
    const float *from = p->matrix + column, *value = p->values;
    if (p->resume)
        EACH(M, J, sum[m][j] = vec_load_any(to + m * p->sums_row + j * VW);)
    else
        EACH(M, J, sum[m][j] = (vec){0};)
    for (int64_t k = 0; k < p->depth; k++, from += p->matrix_row, value += p->value_step) {
        vec line[TILE_VECTORS];
        VEC_EACH (j, J) line[j] = vec_load_any(from + j * VW);
        EACH(M, J, sum[m][j] += vec_all(value[m]) * line[j];)
    }
    EACH(M, J, few_store(to + m * p->sums_row + j * VW, sum[m][j], stream);)
}

/* One sample, the first `count` columns of a vector. */
static void few_part(const struct few_product *p, int64_t sample, int64_t column, int64_t count)
{
    float *to = p->sums + sample * p->sums_row + column;
    const float *from = p->matrix + column, *value = p->values + sample;
    vec sum = p->resume ? vec_load_part(to, count) : (vec){0};
    for (int64_t k = 0; k < p->depth; k++)
        sum += vec_all(value[k * p->value_step]) * vec_load_part(from + k * p->matrix_row, count);
    vec_store_part(to, count, sum);
}

/* The sums of a row of columns, past the caches. */
static __attribute__((noinline)) void few_stream(const struct few_product *p, int64_t column)
{
    few_tile(1, TILE_VECTORS, true, p, column);
}

/* few_columns_M_J computes the sums of M samples of as many of the columns [column, end) as tiles of J
 * vectors fill; returns the first that is left. */
#define COLUMNS(M, J)                                                                                        \
    static __attribute__((noinline))                                                                         \
    int64_t few_columns_##M##_##J(const struct few_product *p, int64_t column, int64_t end)                  \
    {                                                                                                        \
        for (; column + J * VW <= end; column += J * VW) few_tile(M, J, false, p, column);                   \
        return column;                                                                                       \
    }
COLUMNS(1, 8)
COLUMNS(1, 2)
COLUMNS(2, 4)
COLUMNS(2, 2)
COLUMNS(3, 2)
COLUMNS(4, 2)
COLUMNS(5, 2)
COLUMNS(6, 2)

/* Returns the first column that is left. */
static int64_t few_columns(const struct few_product *p, int64_t column, int64_t end)
{
    switch (p->samples) {
    case 1:
        return few_columns_1_2(p, few_columns_1_8(p, column, end), end);
    case 2:
        return few_columns_2_2(p, few_columns_2_4(p, column, end), end);
    case 3:
        return few_columns_3_2(p, column, end);
    case 4:
        return few_columns_4_2(p, column, end);
    case 5:
        return few_columns_5_2(p, column, end);
    default:
        assert(p->samples == TILE_SAMPLES);
        return few_columns_6_2(p, column, end);
    }
}

static void few_fetch(const struct few_product *p, int64_t column)
{
    for (int64_t k = 0; k < p->depth; k++)
        for (int64_t i = 0; i < BLOCK; i += LINE)
            __builtin_prefetch(p->fetch + k * p->matrix_row + column + i);
}

static int64_t few_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void few_multiply(const struct few_product *p)
{
    int64_t column = 0, end;
    for (; p->fetch && column + BLOCK <= p->columns; column = end) {
        few_fetch(p, column);
        end = few_columns(p, column, column + BLOCK);
    }
    column = few_columns(p, column, p->columns);
    for (int64_t left; column < p->columns; column += left) {
        left = few_min(VW, p->columns - column);
        for (int64_t m = 0; m < p->samples; m++) few_part(p, m, column, left);
    }
}

/* Columns of W that rows pass over, and the values of these features. */
struct few_rows {
    int64_t in, rows; /* rows: at most VW */
    int64_t depth, lanes;
    const float *w, *next; /* `next`: the rows that follow */
    const float *x;
};

/* sum[m] += block[i] * the value of sample m, for `count` features i. */
VEC_INLINE void few_add_block(const int M, const int count, const vec *block, const float *x, int64_t lanes,
                              vec sum[TILE_SAMPLES])
{
    VEC_EACH (i, count)
        VEC_EACH (m, M) sum[m] += block[i] * vec_all(x[i * lanes + m]);
}

/* sums [M][VW] += the products of the rows with M samples, in order. */
VEC_INLINE void few_add_rows(const int M, const struct few_rows *r, float *sums)
{
    vec sum[TILE_SAMPLES], block[VW];
    const float *x = r->x;
    int64_t k = 0, whole = r->rows == VW ? r->depth / VW * VW : 0;
    VEC_EACH (m, M) sum[m] = vec_load_any(sums + m * VW);
    for (; k < whole; k += VW, x += VW * r->lanes) {
        const float *fetch = k + AHEAD < r->depth ? r->w + k + AHEAD : r->next + (k + AHEAD - r->depth);
        for (int i = 0; k % LINE == 0 && i < VW; i++) __builtin_prefetch(fetch + i * r->in);
        vec_load_transposed(r->w + k, r->in, (vecu *)block);
        few_add_block(M, VW, block, x, r->lanes, sum);
    }
    for (; k < r->depth; k += VW) {
        int64_t left = few_min(VW, r->depth - k);
        vec_transpose_part(r->w + k, r->in, r->rows, left, (float *)block, VW, VW);
        for (int64_t i = 0; i < left; i++, x += r->lanes) few_add_block(M, 1, block + i, x, r->lanes, sum);
    }
    VEC_EACH (m, M) vec_store_any(sums + m * VW, sum[m]);
}

#define ROWS(M)                                                                                              \
    static __attribute__((noinline)) void few_add_rows_##M(const struct few_rows *r, float *sums)            \
    {                                                                                                        \
        few_add_rows(M, r, sums);                                                                            \
    }
ROWS(1)
ROWS(2)
ROWS(3)
ROWS(4)
ROWS(5)
ROWS(6)

/* Rows of Y continue from where they are. */
static void few_continue_rows(const struct few_rows *r, float *y)
{
    static void (*const add[])(const struct few_rows *, float *) = {
        few_add_rows_1, few_add_rows_2, few_add_rows_3, few_add_rows_4, few_add_rows_5, few_add_rows_6};
    float sums[TILE_SAMPLES * VW];
    assert(r->lanes <= TILE_SAMPLES);
    for (int64_t i = 0; i < VW; i++)
        for (int64_t m = 0; m < r->lanes; m++) sums[m * VW + i] = i < r->rows ? y[i * r->lanes + m] : 0;
    add[r->lanes - 1](r, sums);
    for (int64_t i = 0; i < r->rows; i++)
        for (int64_t m = 0; m < r->lanes; m++) y[i * r->lanes + m] = sums[m * VW + i];
}

void LEVEL(few_forward)(const struct linear *l, const float *weight, const float *bias, const float *x,
                        float *y)
{
    for (int64_t i = 0; i < l->out * l->lanes; i++) y[i] = bias ? bias[i / l->lanes] : 0;
    for (int64_t k = 0; k < l->in; k += FORWARD_RUN)
        for (int64_t row = 0; row < l->out; row += VW) {
            const float *w = weight + row * l->in + k;
            few_continue_rows(&(struct few_rows){.in = l->in,
                                                 .rows = few_min(VW, l->out - row),
                                                 .depth = few_min(FORWARD_RUN, l->in - k),
                                                 .lanes = l->lanes,
                                                 .w = w,
                                                 .next = w + VW * l->in,
                                                 .x = x + k * l->lanes},
                              y + row * l->lanes);
        }
}

/* to [columns][rows] = the transpose of from [rows][columns], rows `from_row` apart. What a vector stores
 * beyond its row is overwritten by the next rows, so only the last ones are cut. */
static void few_transpose(const float *from, int64_t from_row, int64_t rows, int64_t columns, float *to)
{
    for (int64_t i = 0; i < rows; i += VW)
        for (int64_t j = 0; j < columns; j += VW) {
            int64_t filled = few_min(VW, rows - i), count = few_min(VW, columns - j);
            bool is_first = i == 0 && j * rows + VW * (rows + 1) <= columns * rows;
            vec_transpose_part(from + i * from_row + j, from_row, filled, count, to + j * rows + i, rows,
                               is_first ? VW : filled);
        }
}

/* Returns how many floats of a row are worked on at once: those of all samples fit into the buffer. */
static int64_t few_run(const struct linear *l)
{
    return few_min(LONGEST_RUN, BUFFER / l->lanes / BLOCK * BLOCK);
}

void LEVEL(few_backward_data)(const struct linear *l, const float *weight, const float *dy, float *dx)
{
    float sums[BUFFER] __attribute__((aligned(64)));
    int64_t run = few_run(l);
    for (int64_t first = 0; first < l->in; first += run) {
        int64_t count = few_min(run, l->in - first);
        for (int64_t k = 0; k < l->out; k += DATA_DEPTH) {
            const float *w = weight + k * l->in + first;
            few_multiply(&(struct few_product){.samples = l->lanes,
                                               .columns = count,
                                               .depth = few_min(DATA_DEPTH, l->out - k),
                                               .matrix = w,
                                               .matrix_row = l->in,
                                               .values = dy + k * l->lanes,
                                               .value_step = l->lanes,
                                               .sums = sums,
                                               .sums_row = run,
                                               .resume = k > 0,
                                               .fetch = k + DATA_DEPTH < l->out ? w + DATA_DEPTH * l->in
                                                                                : weight + first + run});
        }
        if (l->lanes == 1)
            memcpy(dx + first, sums, (size_t)count * sizeof *dx);
        else
            few_transpose(sums, run, l->lanes, count, dx + first * l->lanes);
    }
}

/* One row of dW. Stores that bypass the caches take aligned vectors. */
static void few_weight_row(const struct few_product *p, bool stream)
{
    if (!stream) {
        few_multiply(p);
        return;
    }
    int64_t column = few_min(-((intptr_t)p->sums / (intptr_t)sizeof(float)) & (VW - 1), p->columns);
    if (column) few_part(p, 0, 0, column);
    for (; column + BLOCK <= p->columns; column += BLOCK) few_stream(p, column);
    struct few_product rest = *p;
    rest.matrix += column, rest.sums += column, rest.columns -= column;
    few_multiply(&rest);
}

void LEVEL(few_backward_weight)(const struct linear *l, const float *x, const float *dy, float *dweight)
{
    float transposed[BUFFER] __attribute__((aligned(64)));
    int64_t run = few_run(l);
    bool stream = l->in * l->out >= STREAM_FLOATS;
    for (int64_t first = 0; first < l->in; first += run) {
        int64_t count = few_min(run, l->in - first);
        const float *from = x + first * l->lanes;
        for (int64_t i = 0; l->lanes > 1 && i < count; i += VW)
            for (int64_t m = 0; m < l->lanes; m += VW)
                vec_transpose_part(from + i * l->lanes + m, l->lanes, few_min(VW, count - i),
                                   few_min(VW, l->lanes - m), transposed + m * run + i, run, VW);
        for (int64_t row = 0; row < l->out; row++)
            few_weight_row(&(struct few_product){.samples = 1,
                                                 .columns = count,
                                                 .depth = l->lanes,
                                                 .matrix = l->lanes > 1 ? transposed : from,
                                                 .matrix_row = run,
                                                 .values = dy + row * l->lanes,
                                                 .value_step = 1,
                                                 .sums = dweight + row * l->in + first,
                                                 .sums_row = l->in},
                           stream);
    }
#ifdef __SSE__
    if (stream) _mm_sfence(); /* other threads see the stores before what this one stores next */
#endif
}
