/* tile.c - the register tiles of tile.h. */
#include "math/vec/conv/tile.h"

/* Columns side by side, or those of a table; or of a table, with weights apart; or of a table, of pairs. */
enum tile_form { TILE_SIDE_BY_SIDE, TILE_TABLE, TILE_APART, TILE_PAIRS, TILE_INSTRUCTION, TILE_FORMS };

VEC_INLINE struct tile_column tile_column(const enum tile_form form, const struct tile_column *columns,
                                          int64_t j)
{
    return form == TILE_SIDE_BY_SIDE ? (struct tile_column){.from = j * VW, .to = j * VW, .count = VW}
                                     : columns[j];
}

/* One product of every element. The shorter side of the tile waits in registers, the longer is loaded one by
 * one. */
VEC_INLINE void tile_multiply_part(const int M, const int J, const enum pair_part part, const float *a,
                                   int64_t row, const float *const b[], int64_t at, vec sum[][TILE_MAX_J])
{
    vec weight[TILE_MAX_M], column[TILE_MAX_J];
    if (J > M) {
        VEC_EACH (m, M) weight[m] = pair_take(part, pair_all(a + m * row));
        VEC_EACH (j, J) {
            column[0] = pair_take(part, vec_load_any(b[j] + at));
            VEC_EACH (m, M) sum[m][j] = pair_add(part, sum[m][j], weight[m], column[0]);
        }
        return;
    }
    VEC_EACH (j, J) column[j] = pair_take(part, vec_load_any(b[j] + at));
    VEC_EACH (m, M) {
        weight[0] = pair_take(part, pair_all(a + m * row));
        VEC_EACH (j, J) sum[m][j] = pair_add(part, sum[m][j], weight[0], column[j]);
    }
}

VEC_INLINE void tile_multiply_add(const int M, const int J, const enum tile_form form, const float *a,
                                  int64_t row, const float *const b[], int64_t at, vec sum[][TILE_MAX_J])
{
    if (form == TILE_PAIRS) {
        tile_multiply_part(M, J, PAIR_SECOND, a, row, b, at, sum);
        tile_multiply_part(M, J, PAIR_FIRST, a, row, b, at, sum);
        return;
    }
    tile_multiply_part(M, J, form == TILE_INSTRUCTION ? PAIR_WORDS : PAIR_FLOATS, a, row, b, at, sum);
}

VEC_INLINE void tile_begin(const int M, const int J, const enum tile_form form, const struct tile *t,
                           const struct tile_column *columns, vec sum[][TILE_MAX_J])
{
    VEC_EACH (m, M)
        VEC_EACH (j, J) sum[m][j] = vec_all(t->finish.bias && m < t->rows ? t->finish.bias[m] + 0.0f : 0);
    if (!t->resumes) return;
    VEC_EACH (m, M) {
        if (m >= t->rows) break;
        VEC_EACH (j, J) {
            const struct tile_column column = tile_column(form, columns, j);
            sum[m][j] = vec_load_some(t->c + m * t->c_row + column.to, column.count);
        }
    }
}

VEC_INLINE void tile_end(const int M, const int J, const enum tile_form form, const struct tile *t,
                         const struct tile_column *columns, vec sum[][TILE_MAX_J])
{
    VEC_EACH (m, M) {
        if (m >= t->rows) break;
        VEC_EACH (j, J) {
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
    VEC_EACH (j, J) b[j] = t->b + tile_column(form, columns, j).from;
    tile_begin(M, J, form, t, columns, sum);

    const struct tap *end = t->tap + t->taps;
    const float *a = t->a;
    int64_t at = 0, row = form == TILE_APART ? t->a_row : 1;
    if (t->taps == 1) a += t->tap->a, at += t->tap->b;
    for (int64_t channel = 0; t->taps == 1 && channel < t->channels;
         channel++, a += t->a_channel, at += t->b_channel)
        tile_multiply_add(M, J, form, a, row, b, at, sum);
    for (int64_t channel = 0; t->taps > 1 && channel < t->channels;
         channel++, a += t->a_channel, at += t->b_channel)
        for (const struct tap *tap = t->tap; tap < end; tap++)
            tile_multiply_add(M, J, form, a + tap->a, row, b, at + tap->b, sum);
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

/* A function for each tile: together in one they take each other's registers, and some compilers leave the sums in
 * memory. */
typedef void tile_function(const struct tile *t, const struct tile_column *columns);

#define TILE_FUNCTION(M, J, name, form)                                                                      \
    static void name##_##M##_##J(const struct tile *t, const struct tile_column *columns)                    \
    {                                                                                                        \
        tile_product(M, J, form, t, columns);                                                                \
    }
#if defined(__AVX512F__)
#define TILE_INSTRUCTIONS(M, J)   TILE_FUNCTION(M, J, instruction, TILE_INSTRUCTION)
#define TILE_BY_INSTRUCTION(M, J) [TILE_INSTRUCTION][M][J] = instruction_##M##_##J,
#else
#define TILE_INSTRUCTIONS(M, J)
#define TILE_BY_INSTRUCTION(M, J)
#endif
#define TILE_FUNCTIONS(M, J)                                                                                 \
    TILE_FUNCTION(M, J, side, TILE_SIDE_BY_SIDE)                                                             \
    TILE_FUNCTION(M, J, table, TILE_TABLE)                                                                   \
    TILE_FUNCTION(M, J, apart, TILE_APART)                                                                   \
    TILE_FUNCTION(M, J, pairs, TILE_PAIRS)                                                                   \
    TILE_INSTRUCTIONS(M, J)
TILE_SHAPES(TILE_FUNCTIONS)
TILE_PIECES(TILE_FUNCTIONS)

#define TILE_ENTRY(M, J)                                                                                     \
    [TILE_SIDE_BY_SIDE][M][J] = side_##M##_##J, [TILE_TABLE][M][J] = table_##M##_##J,                        \
    [TILE_APART][M][J] = apart_##M##_##J, [TILE_PAIRS][M][J] = pairs_##M##_##J, TILE_BY_INSTRUCTION(M, J)
static tile_function *const tiles[TILE_FORMS][TILE_MAX_M + 1][TILE_MAX_J + 1] = {TILE_SHAPES(TILE_ENTRY)
                                                                                     TILE_PIECES(TILE_ENTRY)};

/* Tiles of that many registers together, as few as there are. */
static void tile_run_pieces(enum tile_form form, int m, int64_t registers, const struct tile *t,
                            const struct tile_column *columns)
{
    tile_function *const *of = tiles[form][m];
    if (registers <= TILE_MAX_J && of[registers]) { /* as most often, without a copy of the tile */
        of[registers](t, columns);
        return;
    }
    struct tile piece = *t;
    for (int64_t left = registers, done; left; left -= done) {
        for (done = left < TILE_MAX_J ? left : TILE_MAX_J; !of[done];) done--;
        of[done](&piece, columns);
        if (form != TILE_SIDE_BY_SIDE) {
            columns += done;
            continue;
        }
        piece.b += done * VW, piece.c += done * VW;
        if (piece.finish.mask) piece.finish.mask += done * VW;
    }
}

void LEVEL(tile_run_columns)(int m, int64_t registers, const struct tile *t,
                             const struct tile_column *columns)
{
    enum tile_form form = t->a_row > 1 ? TILE_APART : TILE_TABLE;
    if (t->pairs) form = pair_has_instruction() ? TILE_INSTRUCTION : TILE_PAIRS;
    tile_run_pieces(form, m, registers, t, columns);
}

void LEVEL(tile_run)(int m, int64_t registers, const struct tile *t)
{
    tile_run_pieces(TILE_SIDE_BY_SIDE, m, registers, t, NULL);
}
