/* linear.c - the three products of a linear layer with the batch innermost:
 *
 *   forward   Y [out][N]   = W [out][in] X [in][N] + b     a chain over in, from the bias on
 *   data      dX [in][N]   = W^T dY                        a chain over out
 *   weight    dW [out][in] = dY X^T                        a chain over each leaf's lanes, then their tree
 *
 * One register tile serves all: M rows x J registers of c[m][j] += a[m][k] * b[k][j]. `a` is read in place
 * and broadcast; a slice of b, J registers wide, stays in the L1 cache while all rows pass over it. So W is
 * read once for up to 64 lanes and never packed, which makes this faster than a general matrix product when
 * there are few lanes; with fewer than a vector holds, few.c is faster. Only the weight gradient needs b in
 * another order, X transposed; that costs in x N moves for in x out x N products. Every element is one chain
 * of fused multiply-adds in fixed order: neither tiles nor the number of lanes change its bits. */
#include <assert.h>
#include <stdbool.h>

#include "math/vec/linear/few.h"
#include "math/vec/transpose.h"

#if VEC_REGISTERS == 32
#define TILE_J 4
#else
#define TILE_J 2
#endif
#define TILE_M 6
#define SLICE  (TILE_J * VW) /* floats of a row of b that a tile takes */
#define TALL_M 12 /* rows of a tile of half the width or less, which else would leave registers empty */

/* Products of a chain before the next row of the tile's strip: SLICE x 4 bytes each stay in the L1 cache. The
 * data gradient walks down the columns of W, each element on another page, so its depth is smaller.
 * WEIGHT_COLUMNS is how many columns of dW the weight gradient computes at once: more give longer runs of
 * writes, but their X^T has to stay in the L2 cache. */
#define FORWARD_DEPTH  256
#define DATA_DEPTH     64
#define WEIGHT_COLUMNS 1024

#define PACKED_DEPTH 256

struct product {
    int64_t rows, columns, depth;
    const float *a; /* a[m][k] at a + m * a_row + k * a_step */
    int64_t a_row, a_step;
    const float *b; /* b[k][j] at b + j / SLICE * b_slice + k * b_step + j % SLICE */
    int64_t b_slice, b_step;
    float *c;
    int64_t c_row;
    const float *start; /* [rows]: where the chains start, or NULL for zeros */
    bool resume;        /* the chains continue from c */
    bool packs;         /* first copies the rows of `a` that a strip takes; depth at most PACKED_DEPTH */
    int64_t leaves;     /* 1, or the depth is cut into that many chains, which are added as a tree */

    /* What to prefetch from `a` during step k: element fetch + k % 8 * fetch_row + k / 8 * fetch_step of the
     * tile that is fetch_tile tiles ahead. */
    int64_t fetch_tile, fetch, fetch_row, fetch_step;
};

#define EACH(M, J, statement)                                                                                \
    VEC_EACH (m, M)                                                                                          \
        VEC_EACH (j, J) statement

/* A vector of b or c, or the first elements of it that columns have left: of the last one of a tile that is
 * `cut`. */
VEC_INLINE vec linear_load(const struct product *p, const bool cut, const float *from)
{
    return cut ? vec_load_part(from, p->columns % VW) : vec_load_any(from);
}

VEC_INLINE void linear_store(const struct product *p, const bool cut, float *to, vec v)
{
    if (cut)
        vec_store_part(to, p->columns % VW, v);
    else
        vec_store_any(to, v);
}

/* sum[m][j] += a[m][k] * b[k][j] for `depth` k, in order. */
VEC_INLINE void linear_add_chain(const int M, const int J, const bool cut, const struct product *p,
                                 int64_t depth, const float *a, const float *b, vec sum[TALL_M][TILE_J])
{
    const float *fetch = a + p->fetch_tile * M * p->a_row + p->fetch;
    for (int64_t k = 0; k < depth; k++, a += p->a_step, b += p->b_step) {
        vec line[TILE_J];
        __builtin_prefetch(fetch + (k & 7) * p->fetch_row + (k >> 3) * p->fetch_step);
        VEC_EACH (j, J) line[j] = linear_load(p, cut && j == J - 1, b + j * VW);
        EACH(M, J, sum[m][j] += vec_all(a[m * p->a_row]) * line[j];)
    }
}

VEC_INLINE void linear_chain_tile(const int M, const int J, const bool cut, const struct product *p,
                                  int64_t row, const float *b, float *c)
{
    vec sum[TALL_M][TILE_J];
    if (p->resume)
        EACH(M, J, sum[m][j] = linear_load(p, cut && j == J - 1, c + m * p->c_row + j * VW);)
    else if (p->start)
        EACH(M, J, sum[m][j] = vec_all(p->start[row + m]);)
    else
        EACH(M, J, sum[m][j] = (vec){0};)
    linear_add_chain(M, J, cut, p, p->depth, p->a + row * p->a_row, b, sum);
    EACH(M, J, linear_store(p, cut && j == J - 1, c + m * p->c_row + j * VW, sum[m][j]);)
}

/* Sums wait in a stack until their right neighbour in the tree is there. */
VEC_INLINE void linear_tree_tile(const int M, const int J, const bool cut, const struct product *p,
                                 int64_t row, const float *b, float *c)
{
    vec waiting[VEC_TREE_LEVELS][M][TILE_J];
    const float *a = p->a + row * p->a_row;
    int64_t depth = p->depth / p->leaves;
    int height = 0;
    for (int64_t leaf = 0; leaf < p->leaves; leaf++, a += depth * p->a_step, b += depth * p->b_step) {
        vec sum[TALL_M][TILE_J];
        EACH(M, J, sum[m][j] = (vec){0};)
        linear_add_chain(M, J, cut, p, depth, a, b, sum);
        for (int64_t done = leaf; done & 1; done >>= 1) {
            height--;
            EACH(M, J, sum[m][j] = waiting[height][m][j] + sum[m][j];)
        }
        if (leaf + 1 < p->leaves) {
            EACH(M, J, waiting[height][m][j] = sum[m][j];)
            height++;
        } else {
            EACH(M, J, linear_store(p, cut && j == J - 1, c + m * p->c_row + j * VW, sum[m][j]);)
        }
    }
}

VEC_INLINE void linear_tile(const int M, const int J, const bool cut, const struct product *p, int64_t row,
                            int64_t column)
{
    const float *b = p->b + column / SLICE * p->b_slice + column % SLICE;
    float *c = p->c + row * p->c_row + column;
    if (p->leaves == 1)
        linear_chain_tile(M, J, cut, p, row, b, c);
    else
        linear_tree_tile(M, J, cut, p, row, b, c);
}

/* M rows of all columns. */
VEC_INLINE void linear_strip_in_place(const int M, const struct product *p, int64_t row)
{
    int64_t column = 0;
    for (; M <= TILE_M && column + SLICE <= p->columns; column += SLICE)
        linear_tile(M, TILE_J, false, p, row, column);
    int64_t left = (p->columns - column) / VW;
    bool cut = p->columns % VW != 0;
    if (M <= TILE_M && TILE_J > 3 && left == 3)
        linear_tile(M, 3, false, p, row, column);
    else if (TILE_J > 2 && left == 2)
        linear_tile(M, 2, false, p, row, column);
    else if ((M <= TILE_M || TILE_J > 2) && left == 1 && cut)
        linear_tile(M, 2, true, p, row, column);
    else if (left == 1)
        linear_tile(M, 1, false, p, row, column);
    if (cut && left != 1) linear_tile(M, 1, true, p, row, p->columns / VW * VW);
}

static __attribute__((noinline)) void linear_pack(int64_t rows, const struct product *p, int64_t row,
                                                  float *packed)
{
    const float *a = p->a + row * p->a_row;
    for (int64_t k = 0; k < p->depth; k++, a += p->a_step)
        for (int64_t m = 0; m < rows; m++) *packed++ = a[m * p->a_row];
}

VEC_INLINE void linear_strip(const int M, const struct product *p, int64_t row)
{
    float packed[TALL_M * PACKED_DEPTH];
    if (!p->packs) {
        linear_strip_in_place(M, p, row);
        return;
    }
    linear_pack(M, p, row, packed);
    struct product part = *p;
    part.a = packed, part.a_row = 1, part.a_step = M;
    part.c += row * p->c_row;
    if (p->start) part.start += row;
    part.fetch_tile = part.fetch = part.fetch_row = part.fetch_step = 0;
    linear_strip_in_place(M, &part, 0);
}

static void linear_multiply(const struct product *p)
{
    int64_t row = 0;
    if (p->columns <= SLICE / 2)
        for (; row + TALL_M <= p->rows; row += TALL_M) linear_strip(TALL_M, p, row);
    for (; row + TILE_M <= p->rows; row += TILE_M) linear_strip(TILE_M, p, row);
    for (; row + 2 <= p->rows; row += 2) linear_strip(2, p, row);
    if (row < p->rows) linear_strip(1, p, row);
}

/* Rows of W a power of two apart lie in lines that compete for the same places in the L1 cache. A copy of
 * them pays where many lanes use it. The data gradient reads down the columns, so it suffers sooner. */
static bool linear_packs(const struct linear *l, bool data)
{
    if (l->in % 1024 == 0) return l->lanes >= 64;
    return data && l->in % 256 == 0 && l->lanes >= 128;
}

static int64_t linear_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

void LEVEL(linear_forward)(const struct linear *l, const float *weight, const float *bias, const float *x,
                           float *y)
{
    if (l->lanes < FEW_LANES) {
        LEVEL(few_forward)(l, weight, bias, x, y);
        return;
    }
    for (int64_t k = 0; k < l->in; k += FORWARD_DEPTH)
        linear_multiply(&(struct product){.rows = l->out,
                                          .columns = l->lanes,
                                          .depth = linear_min(FORWARD_DEPTH, l->in - k),
                                          .a = weight + k,
                                          .a_row = l->in,
                                          .a_step = 1,
                                          .b = x + k * l->lanes,
                                          .b_slice = SLICE,
                                          .b_step = l->lanes,
                                          .c = y,
                                          .c_row = l->lanes,
                                          .start = bias,
                                          .resume = k > 0,
                                          .packs = linear_packs(l, false),
                                          .leaves = 1,
                                          .fetch_tile = 1,
                                          .fetch_row = l->in,
                                          .fetch_step = 8});
}

void LEVEL(linear_backward_data)(const struct linear *l, const float *weight, const float *dy, float *dx)
{
    if (l->lanes < FEW_LANES) {
        LEVEL(few_backward_data)(l, weight, dy, dx);
        return;
    }
    for (int64_t k = 0; k < l->out; k += DATA_DEPTH)
        linear_multiply(&(struct product){.rows = l->in,
                                          .columns = l->lanes,
                                          .depth = linear_min(DATA_DEPTH, l->out - k),
                                          .a = weight + k * l->in,
                                          .a_row = 1,
                                          .a_step = l->in,
                                          .b = dy + k * l->lanes,
                                          .b_slice = SLICE,
                                          .b_step = l->lanes,
                                          .c = dx,
                                          .c_row = l->lanes,
                                          .resume = k > 0,
                                          .packs = linear_packs(l, true),
                                          .leaves = 1,
                                          .fetch = 32,
                                          .fetch_row = l->in,
                                          .fetch_step = 8 * l->in});
}

/* Columns first .. first + count - 1 of X^T, in slices: [count / SLICE][N][SLICE], the last one narrower if
 * need be but with the same stride. */
static void linear_transpose_slices(const struct linear *l, const float *x, int64_t first, int64_t count,
                                    float *slices)
{
    for (int64_t i = 0; i < count; i += VW) {
        const float *from = x + (first + i) * l->lanes;
        float *to = slices + i / SLICE * SLICE * l->lanes + i % SLICE;
        int64_t rows = linear_min(VW, count - i), n = 0;
        for (; l->lanes % 16 == 0 && n < l->lanes; n += VW)
            vec_transpose(from + n, l->lanes, rows, to + n * SLICE, SLICE);
        for (; n < l->lanes; n += VW)
            vec_transpose_part(from + n, l->lanes, rows, linear_min(VW, l->lanes - n), to + n * SLICE, SLICE,
                               VW);
    }
}

int64_t LEVEL(linear_scratch_floats)(const struct linear *l)
{
    if (l->lanes < FEW_WEIGHT_LANES) return 0;
    return linear_min(WEIGHT_COLUMNS, (l->in + SLICE - 1) / SLICE * SLICE) * l->lanes;
}

void LEVEL(linear_backward_weight)(const struct linear *l, const float *x, const float *dy, float *dweight,
                                   float *scratch)
{
    if (l->lanes < FEW_WEIGHT_LANES) {
        LEVEL(few_backward_weight)(l, x, dy, dweight);
        return;
    }
    assert(l->leaves < (int64_t)1 << VEC_TREE_LEVELS);
    for (int64_t first = 0; first < l->in; first += WEIGHT_COLUMNS) {
        int64_t count = linear_min(WEIGHT_COLUMNS, l->in - first);
        linear_transpose_slices(l, x, first, count, scratch);
        linear_multiply(&(struct product){.rows = l->out,
                                          .columns = count,
                                          .depth = l->lanes,
                                          .a = dy,
                                          .a_row = l->lanes,
                                          .a_step = 1,
                                          .b = scratch,
                                          .b_slice = SLICE * l->lanes,
                                          .b_step = SLICE,
                                          .c = dweight + first,
                                          .c_row = l->in,
                                          .leaves = l->leaves});
    }
}
