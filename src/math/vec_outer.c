/* vec_outer.c - the register tile keeps M output channels x T taps; each column (16 lanes at one position) costs M + T
 * loads for M x T products. To feed it from the L1 cache, whatever the padding, the stride and the leaf's place among
 * the lanes, the input rows under a band of output rows are copied side by side with zeros around them, and so are
 * the gradients of M channels and up to COLUMNS columns. */
#include "math/vec_outer.h"
#include "math/vec_transpose.h"

#if VEC_REGISTERS == 32
#define TILE_M 6
#define TILE_T (4 / VEC_PARTS)
#else
#define TILE_M 3
#define TILE_T (VW == 8 ? 2 : 1)
#endif
#define COLUMNS     64               /* columns of a tile: their gradients fill half an L1 cache */
#define BAND_FLOATS (256 * 1024 / 4) /* input rows of a band: part of an L2 cache */

/* Work space: all sums [OC][depth][16], the band [IC][rows][width][lanes], gradients [TILE_M][COLUMNS][16], and offsets:
 * of each tap and of each column in the band, of each column in dy. */
struct outer {
    float *sums, *band, *gradients;
    int64_t *tap, *x_column, *dy_column;
    int64_t lane, lanes; /* of the leaf */
    int64_t rows, width; /* of an input plane in the band; rows under `out_rows` output rows */
    int64_t out_rows;
};

static int64_t rows_under(const struct window *c, int64_t out_rows)
{
    return (out_rows - 1) * c->stride + c->kernel;
}

static int64_t work_layout(const struct window *c, int64_t lanes, float *base, struct outer *o)
{
    int64_t depth = depth_of(c), used = 0;
    o->width = rows_under(c, c->out.w);
    o->out_rows = 1;
    while (o->out_rows < c->out.h &&
           c->in.c * rows_under(c, o->out_rows + 1) * o->width * lanes <= BAND_FLOATS)
        o->out_rows++;
    o->rows = rows_under(c, o->out_rows);
    float *tap, *x_column, *dy_column;
    carve(base, &used, &o->sums, c->out.c * depth * 16);
    carve(base, &used, &o->gradients, TILE_M * COLUMNS * 16);
    carve(base, &used, &tap, 2 * depth);
    carve(base, &used, &x_column, 2 * COLUMNS);
    carve(base, &used, &dy_column, 2 * COLUMNS);
    o->band = base ? base + used : NULL;
    o->tap = (int64_t *)(void *)tap;
    o->x_column = (int64_t *)(void *)x_column;
    o->dy_column = (int64_t *)(void *)dy_column;
    int64_t smallest =
        c->in.c * c->kernel * o->width * lanes; /* of a band; grows with the lanes, as it must */
    return used + (smallest > BAND_FLOATS ? smallest : BAND_FLOATS);
}

int64_t LEVEL(outer_leaf_floats)(const struct window *c)
{
    struct outer o;
    return work_layout(c, c->lanes, NULL, &o);
}

/* sums [m][t][16] (m apart by m_stride) += the products of M channels and T taps over `columns` columns. */
VEC_INLINE void product(const int M, const int T, const struct outer *o, int64_t columns, const int64_t *tap,
                        float *sums, int64_t m_stride)
{
    vec sum[TILE_M][TILE_T][VEC_PARTS];
#define EACH(statement)                                                                                      \
    _Pragma("GCC unroll 6") for (int m = 0; m < M; m++) _Pragma("GCC unroll 4") for (int t = 0; t < T; t++)  \
        _Pragma("GCC unroll 4") for (int p = 0; p < VEC_PARTS; p++) statement

    EACH(sum[m][t][p] = (vec){0};)
    for (int64_t column = 0; column < columns; column++) {
        const float *x = o->band + o->x_column[column], *dy = o->gradients + column * 16;
        EACH(sum[m][t][p] += vec_load(dy + m * COLUMNS * 16 + p * VW) * vec_load(x + tap[t] + p * VW);)
    }
    EACH({
        float *to = sums + m * m_stride + t * 16 + p * VW;
        vec_store(to, vec_load(to) + sum[m][t][p]);
    })
#undef EACH
}

/* All taps of M channels. */
VEC_INLINE void all_taps(const int M, const struct outer *o, int64_t columns, int64_t depth, float *sums)
{
    int64_t k = 0;
    for (; k + TILE_T <= depth; k += TILE_T)
        product(M, TILE_T, o, columns, o->tap + k, sums + k * 16, depth * 16);
    for (; k < depth; k++) product(M, 1, o, columns, o->tap + k, sums + k * 16, depth * 16);
}

/* Input rows from `first` on, of the leaf's lanes; rows and columns outside are zeros. */
static void copy_band(const struct window *c, const struct outer *o, int64_t first, int64_t rows,
                      const float *x)
{
    for (int64_t ic = 0; ic < c->in.c; ic++)
        for (int64_t row = 0; row < rows; row++) {
            int64_t y = first + row - c->padding;
            float *to = o->band + (ic * o->rows + row) * o->width * o->lanes;
            for (int64_t i = 0; i < o->width; i++, to += o->lanes) {
                int64_t at = i - c->padding;
                bool inside = y >= 0 && y < c->in.h && at >= 0 && at < c->in.w;
                const float *from = x + ((ic * c->in.h + y) * c->in.w + at) * c->lanes + o->lane;
                for (int64_t n = 0; n < o->lanes; n += VW)
                    vec_store(to + n, inside ? vec_load(from + n) : (vec){0});
            }
        }
}

/* The gradients of `rows` channels from dy on. */
static void copy_gradients(const struct window *c, const struct outer *o, int64_t rows, int64_t columns,
                           const float *dy)
{
    for (int64_t m = 0; m < rows; m++, dy += c->out.h * c->out.w * c->lanes)
        for (int64_t column = 0; column < columns; column++)
            for (int64_t i = 0; i < 16; i += VW)
                vec_store(o->gradients + (m * COLUMNS + column) * 16 + i,
                          vec_load(dy + o->dy_column[column] + i));
}

/* Columns [first, first + count) of the band whose first output row is `oy`. */
static void add_columns(const struct window *c, const struct outer *o, int64_t oy, int64_t first,
                        int64_t count, const float *dy)
{
    int64_t depth = depth_of(c), plane = c->out.h * c->out.w * c->lanes;
    for (int64_t i = 0; i < count; i++) {
        int64_t position = (first + i) * 16 / o->lanes, lane = (first + i) * 16 % o->lanes;
        int64_t y = position / c->out.w, x = position % c->out.w;
        o->x_column[i] = (y * o->width + x) * c->stride * o->lanes + lane;
        o->dy_column[i] = ((oy + y) * c->out.w + x) * c->lanes + o->lane + lane;
    }
    for (int64_t oc = 0; oc < c->out.c;) {
        int64_t left = c->out.c - oc, m = left >= TILE_M ? TILE_M : left >= 2 ? 2 : 1;
        float *sums = o->sums + oc * depth * 16;
        copy_gradients(c, o, m, count, dy + oc * plane);
        if (m == TILE_M)
            all_taps(TILE_M, o, count, depth, sums);
        else if (m == 2)
            all_taps(2, o, count, depth, sums);
        else
            all_taps(1, o, count, depth, sums);
        oc += m;
    }
}

/* Adds up the 16 lanes of each sum, halves onto halves. */
static void add_lanes(int64_t count, const float *lanes, float *sums)
{
    for (int64_t i = 0; i < count; i += 16) {
        float turned[16][16] __attribute__((aligned(64)));
        vec_turn16(lanes + i * 16, 16, count - i, turned[0], 16);
        for (int half = 8; half; half /= 2)
            for (int n = 0; n < half; n++)
                for (int p = 0; p < 16; p += VW)
                    vec_store(&turned[n][p], vec_load(&turned[n][p]) + vec_load(&turned[n + half][p]));
        memcpy(sums + i, turned[0], (size_t)(count - i < 16 ? count - i : 16) * sizeof *sums);
    }
}

void LEVEL(outer_leaf)(const struct window *c, int64_t lane, int64_t lanes, const float *x, const float *dy,
                       float *sums, float *work)
{
    struct outer o = {.lane = lane, .lanes = lanes};
    work_layout(c, lanes, work, &o);
    int64_t weights = c->out.c * depth_of(c), taps = c->kernel * c->kernel;
    for (int64_t k = 0; k < depth_of(c); k++)
        o.tap[k] = ((k / taps * o.rows + k % taps / c->kernel) * o.width + k % c->kernel) * lanes;
    memset(o.sums, 0, (size_t)(weights * 16) * sizeof *o.sums);
    for (int64_t oy = 0; oy < c->out.h; oy += o.out_rows) {
        int64_t rows = c->out.h - oy < o.out_rows ? c->out.h - oy : o.out_rows;
        int64_t columns = rows * c->out.w * lanes / 16;
        copy_band(c, &o, oy * c->stride, rows_under(c, rows), x);
        for (int64_t first = 0; first < columns; first += COLUMNS)
            add_columns(c, &o, oy, first, columns - first < COLUMNS ? columns - first : COLUMNS, dy);
    }
    add_lanes(weights, o.sums, sums);
}
