/* depthwise_tile.c - the register tiles of depthwise.h: forward pass and data gradient.
 *
 * A sum is one chain of products over the taps that see a source, in order. At the edges of a row, registers take
 * zeros for what a tap does not see. Four result rows at once share the weights and, under windows of height 3, the sources. */
#include "math/vec/conv/depthwise/depthwise.h"

/* R rows x J registers of columns from `column` on; with `edge` a single register. A bias of -0 counts as 0, so that
 * adding zeros changes nothing. */
VEC_INLINE void depthwise_tile(const int R, const int J, const bool edge, const struct depthwise_rows *t,
                               int64_t column, int64_t from, int64_t to)
{
    vec sum[DEPTHWISE_ROWS][8];
#define EACH(...)                                                                                            \
    VEC_EACH (r, R)                                                                                          \
        VEC_EACH (j, J) __VA_ARGS__
    EACH(sum[r][j] = vec_all(t->bias);)
    for (int64_t i = 0; i < t->rows; i++) {
        const float *const *row = t->row + i * DEPTHWISE_ROWS, *weight = t->weight + i * t->across;
        for (const struct side_tap *tap = t->tap; tap < t->tap + t->taps.count; tap++) {
            vec value = vec_all(weight[tap->index]);
            veci mask = edge ? depthwise_mask(tap->low - column, tap->high - column) : (veci){0};
            VEC_EACH (r, R) {
                if (!row[r]) continue;
                const float *source = row[r] + from + tap->at;
                VEC_EACH (j, J)
                    sum[r][j] +=
                        value * (edge ? depthwise_load(mask, source) : vec_load_any(source + j * VW));
            }
        }
    }
    EACH({
        int64_t at = t->at[r] + to + j * VW, count = edge ? t->taps.columns - column : VW;
        vec_store_some(t->result + at, count, finish_apply_part(t->finish, at, count, sum[r][j]));
    })
#undef EACH
}

/* What tiles of 3x3 taps keep in registers. */
struct depthwise_3x3 {
    const float *source[3][DEPTHWISE_ROWS];
    int64_t at[3];
    float *result[DEPTHWISE_ROWS];
    vec weight[9], bias;
};

/* One register of columns of four rows. */
VEC_INLINE void depthwise_tile_of_3(const bool edge, const bool shared, const struct depthwise_rows *t,
                                    const struct depthwise_3x3 *o, int64_t column)
{
    vec sum[DEPTHWISE_ROWS];
    veci mask[3];
    VEC_EACH (r, DEPTHWISE_ROWS) sum[r] = o->bias;
    VEC_UNROLL
    for (int k = 0; k < 3 && edge; k++)
        mask[k] = depthwise_mask(t->tap[k].low - column, t->tap[k].high - column);
    const int steps = shared ? DEPTHWISE_ROWS + 2 : 3 * DEPTHWISE_ROWS;
    VEC_EACH (i, steps) {
        const int first = !shared ? i % DEPTHWISE_ROWS : i < DEPTHWISE_ROWS ? i : DEPTHWISE_ROWS - 1;
        const float *source = o->source[shared ? i - first : i / DEPTHWISE_ROWS][first];
        if (!source) continue;
        VEC_EACH (k, 3) {
            const float *at = source + column + o->at[k];
            vec value = edge ? depthwise_load(mask[k], at) : vec_load_any(at);
            VEC_EACH (r, DEPTHWISE_ROWS) {
                const int row = shared ? i - r : r == first ? i / DEPTHWISE_ROWS : -1;
                if (row >= 0 && row < 3) sum[r] += o->weight[row * 3 + k] * value;
            }
        }
    }
    const struct finish finish = *t->finish;
    VEC_EACH (r, DEPTHWISE_ROWS) {
        int64_t count = edge ? t->taps.columns - column : VW;
        vec_store_some(o->result[r] + column, count,
                       finish_apply_part(&finish, t->at[r] + column, count, sum[r]));
    }
}

/* Four rows of 3x3 windows. */
VEC_INLINE void depthwise_run_of_3(const bool shared, const struct depthwise_rows *t)
{
    struct depthwise_3x3 o = {.bias = vec_all(t->bias)};
    const int64_t first = t->taps.first, end = t->taps.end, columns = t->taps.columns;
    VEC_EACH (k, 9) o.weight[k] = vec_all(t->weight[k]);
    VEC_EACH (k, 3) {
        o.at[k] = t->tap[k].at;
        VEC_EACH (r, DEPTHWISE_ROWS) o.source[k][r] = t->row[k * DEPTHWISE_ROWS + r];
    }
    VEC_EACH (r, DEPTHWISE_ROWS) o.result[r] = t->result + t->at[r];
    for (int64_t column = 0; column < columns; column += VW)
        if (column >= first && column < end)
            depthwise_tile_of_3(false, shared, t, &o, column);
        else
            depthwise_tile_of_3(true, shared, t, &o, column);
}

#define WIDE (8 * VW) /* wider rows are computed one by one */

#define NOINLINE static __attribute__((noinline)) void
#define TILE(R, J)                                                                                           \
    NOINLINE depthwise_tile_##R##_##J(const struct depthwise_rows *t, int64_t column, int64_t from,          \
                                      int64_t to)                                                            \
    {                                                                                                        \
        depthwise_tile(R, J, false, t, column, from, to);                                                    \
    }
TILE(4, 2)
TILE(4, 1)
TILE(1, 8)
TILE(1, 2)
TILE(1, 1)
#define POSITION(R)                                                                                          \
    NOINLINE depthwise_position_##R(const struct depthwise_rows *t, int64_t column, int64_t from,            \
                                    int64_t to)                                                              \
    {                                                                                                        \
        depthwise_tile(R, VEC_PARTS, false, t, column, from, to);                                            \
    }
POSITION(4)
POSITION(1)
#define EDGE(R)                                                                                              \
    NOINLINE depthwise_edge_##R(const struct depthwise_rows *t, int64_t column, int64_t from, int64_t to)    \
    {                                                                                                        \
        depthwise_tile(R, 1, true, t, column, from, to);                                                     \
    }
EDGE(4) EDGE(1) NOINLINE depthwise_run_shared(const struct depthwise_rows *t)
{
    depthwise_run_of_3(true, t);
}
NOINLINE depthwise_run_apart(const struct depthwise_rows *t)
{
    depthwise_run_of_3(false, t);
}

/* Columns [first, end), in the largest tiles. */
static void depthwise_inner(int64_t rows, const struct depthwise_rows *t, int64_t first, int64_t end)
{
    int64_t i = first;
    if (rows == 1) {
        for (; i + 8 * VW <= end; i += 8 * VW) depthwise_tile_1_8(t, i, i, i);
        for (; i + 2 * VW <= end; i += 2 * VW) depthwise_tile_1_2(t, i, i, i);
        for (; i < end; i += VW) depthwise_tile_1_1(t, i, i, i);
        return;
    }
    for (; i + 2 * VW <= end; i += 2 * VW) depthwise_tile_4_2(t, i, i, i);
    for (; i < end; i += VW) depthwise_tile_4_1(t, i, i, i);
}

static void depthwise_edges(int64_t rows, const struct depthwise_rows *t, int64_t first, int64_t end)
{
    for (int64_t i = first; i < end; i += VW)
        if (rows == 1)
            depthwise_edge_1(t, i, i, i);
        else
            depthwise_edge_4(t, i, i, i);
}

/* One of the rows by itself. */
static struct depthwise_rows depthwise_row(const struct depthwise_rows *t, int64_t r)
{
    struct depthwise_rows row = *t;
    row.row += r, row.at[0] = t->at[r];
    return row;
}

void LEVEL(depthwise_run)(int64_t rows, const struct depthwise_rows *t)
{
    if (t->of_3 && rows == DEPTHWISE_ROWS) {
        if (t->shared)
            depthwise_run_shared(t);
        else
            depthwise_run_apart(t);
        return;
    }
    if (rows > 1 && t->taps.end - t->taps.first >= WIDE) {
        for (int64_t r = 0; r < rows; r++) {
            struct depthwise_rows row = depthwise_row(t, r);
            LEVEL(depthwise_run)(1, &row);
        }
        return;
    }
    depthwise_edges(rows, t, 0, t->taps.first);
    depthwise_inner(rows, t, t->taps.first, t->taps.end);
    depthwise_edges(rows, t, t->taps.end, t->taps.columns);
}

void LEVEL(depthwise_position)(int64_t rows, const struct depthwise_rows *t, int64_t column, int64_t from,
                               int64_t to)
{
    bool inside = true;
    for (int64_t k = 0; k < t->taps.count; k++) inside &= column >= t->tap[k].low && column < t->tap[k].high;
    for (int64_t i = 0; i < 16; i += inside ? 16 : VW)
        if (inside && rows == 1)
            depthwise_position_1(t, column, from, to);
        else if (inside)
            depthwise_position_4(t, column, from, to);
        else if (rows == 1)
            depthwise_edge_1(t, column + i, from + i, to + i);
        else
            depthwise_edge_4(t, column + i, from + i, to + i);
}
