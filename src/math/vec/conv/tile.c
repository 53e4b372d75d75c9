/* tile.c - the register tiles of tile.h. */
#include "math/vec/conv/tile.h"

/* Columns side by side, or those of a table; or of a table, with weights apart. */
enum tile_form { TILE_SIDE_BY_SIDE, TILE_TABLE, TILE_APART };

VEC_INLINE struct tile_column tile_column(const enum tile_form form, const struct tile_column *columns,
                                          int64_t j)
{
    return form == TILE_SIDE_BY_SIDE ? (struct tile_column){.from = j * VW, .to = j * VW, .count = VW}
                                     : columns[j];
}

/* One product of every element. The shorter side of the tile waits in registers, the longer is loaded one by
 * one. */
VEC_INLINE void tile_multiply_add(const int M, const int J, const float *a, int64_t row,
                                  const float *const b[], int64_t at, vec sum[][TILE_MAX_J])
{
    vec weight[TILE_MAX_M], column[TILE_MAX_J];
    if (J > M) {
#pragma GCC unroll 12
        for (int m = 0; m < M; m++) weight[m] = vec_all(a[m * row]);
#pragma GCC unroll 8
        for (int j = 0; j < J; j++) {
            column[0] = vec_load_any(b[j] + at);
#pragma GCC unroll 12
            for (int m = 0; m < M; m++) sum[m][j] += weight[m] * column[0];
        }
        return;
    }
#pragma GCC unroll 8
    for (int j = 0; j < J; j++) column[j] = vec_load_any(b[j] + at);
#pragma GCC unroll 12
    for (int m = 0; m < M; m++) {
        weight[0] = vec_all(a[m * row]);
#pragma GCC unroll 8
        for (int j = 0; j < J; j++) sum[m][j] += weight[0] * column[j];
    }
}

VEC_INLINE void tile_begin(const int M, const int J, const enum tile_form form, const struct tile *t,
                           const struct tile_column *columns, vec sum[][TILE_MAX_J])
{
#pragma GCC unroll 12
    for (int m = 0; m < M; m++)
#pragma GCC unroll 8
        for (int j = 0; j < J; j++)
            sum[m][j] = vec_all(t->finish.bias && m < t->rows ? t->finish.bias[m] + 0.0f : 0);
    if (!t->resumes) return;
#pragma GCC unroll 12
    for (int m = 0; m < M; m++) {
        if (m >= t->rows) break;
#pragma GCC unroll 8
        for (int j = 0; j < J; j++) {
            const struct tile_column column = tile_column(form, columns, j);
            sum[m][j] = vec_load_some(t->c + m * t->c_row + column.to, column.count);
        }
    }
}

VEC_INLINE void tile_end(const int M, const int J, const enum tile_form form, const struct tile *t,
                         const struct tile_column *columns, vec sum[][TILE_MAX_J])
{
#pragma GCC unroll 12
    for (int m = 0; m < M; m++) {
        if (m >= t->rows) break;
#pragma GCC unroll 8
        for (int j = 0; j < J; j++) {
            const struct tile_column column = tile_column(form, columns, j);
            int64_t at = m * t->c_row + column.to;
            vec v = t->waits ? sum[m][j] : finish_apply_part(&t->finish, at, column.count, sum[m][j]);
            vec_store_some(t->c + at, column.count, v);
        }
    }
}

VEC_INLINE void tile_product(const int M, const int J, const enum tile_form form, const struct tile *t,
                             const struct tile_column *columns)
{
    vec sum[TILE_MAX_M][TILE_MAX_J];
    const float *b[TILE_MAX_J];
#pragma GCC unroll 8
    for (int j = 0; j < J; j++) b[j] = t->b + tile_column(form, columns, j).from;
    tile_begin(M, J, form, t, columns, sum);

    const struct tap *end = t->tap + t->taps;
    const float *a = t->a;
    int64_t at = 0, row = form == TILE_APART ? t->a_row : 1;
    if (t->taps == 1) a += t->tap->a, at += t->tap->b;
    for (int64_t channel = 0; t->taps == 1 && channel < t->channels;
         channel++, a += t->a_channel, at += t->b_channel)
        tile_multiply_add(M, J, a, row, b, at, sum);
    for (int64_t channel = 0; t->taps > 1 && channel < t->channels;
         channel++, a += t->a_channel, at += t->b_channel)
        for (const struct tap *tap = t->tap; tap < end; tap++)
            tile_multiply_add(M, J, a + tap->a, row, b, at + tap->b, sum);
    tile_end(M, J, form, t, columns, sum);
}

struct tile_shape LEVEL(tile_shape_for)(int64_t rows)
{
#define SHAPE_ENTRY(M, J) {M, J},
    static const struct tile_shape shapes[] = {TILE_SHAPES(SHAPE_ENTRY)};
#undef SHAPE_ENTRY
    struct tile_shape best = shapes[0];
    for (size_t i = 1; i < sizeof shapes / sizeof shapes[0]; i++) {
        int64_t m = shapes[i].m, padded = (rows + m - 1) / m * m;
        if (shapes[i].j == TILE_MAX_J && rows > m) continue; /* wide tiles are for results of few channels */
        if (padded < (rows + best.m - 1) / best.m * best.m) best = shapes[i];
    }
    return best;
}

/* The tile of M x J, or fewer columns piece by piece. */
VEC_INLINE void tile_run_pieces(const int M, const int J, const enum tile_form form, int64_t registers,
                                const struct tile *t, const struct tile_column *columns)
{
    if (registers == J) {
        tile_product(M, J, form, t, columns);
        return;
    }
    struct tile piece = *t;
    for (int64_t left = registers, done; left; left -= done) {
        done = J > 4 && left >= 4 ? 4 : J > 2 && left >= 2 ? 2 : 1;
        if (J > 4 && done == 4)
            tile_product(M, 4, form, &piece, columns);
        else if (J > 2 && done == 2)
            tile_product(M, 2, form, &piece, columns);
        else
            tile_product(M, 1, form, &piece, columns);
        if (form != TILE_SIDE_BY_SIDE) {
            columns += done;
            continue;
        }
        piece.b += done * VW, piece.c += done * VW;
        if (piece.finish.mask) piece.finish.mask += done * VW;
    }
}

/* Functions for each shape and form: together in one they take each other's registers. */
#define RUN(M, J, name, form)                                                                                \
    static __attribute__((noinline)) void name##_##M(int64_t registers, const struct tile *t,                \
                                                     const struct tile_column *columns)                      \
    {                                                                                                        \
        tile_run_pieces(M, J, form, registers, t, columns);                                                  \
    }
#define RUN_FORMS(M, J)                                                                                      \
    RUN(M, J, run, TILE_SIDE_BY_SIDE) RUN(M, J, run_table, TILE_TABLE) RUN(M, J, run_apart, TILE_APART)
TILE_SHAPES(RUN_FORMS)
#undef RUN_FORMS
#undef RUN

void LEVEL(tile_run_columns)(int m, int64_t registers, const struct tile *t,
                             const struct tile_column *columns)
{
#define CASE(M, J)                                                                                           \
    if (m == (M)) (t->a_row > 1 ? run_apart_##M : run_table_##M)(registers, t, columns);
    TILE_SHAPES(CASE)
#undef CASE
}

void LEVEL(tile_run)(int m, int64_t registers, const struct tile *t)
{
#define CASE(M, J)                                                                                           \
    if (m == (M)) run_##M(registers, t, NULL);
    TILE_SHAPES(CASE)
#undef CASE
}
