/* panel_runs.c - the register tiles of panel_runs.h. */
#include "math/vec/conv/panel_runs.h"

/* Products of floats; of pairs; of pairs by the instruction. */
enum panel_form { PANEL_FLOATS, PANEL_PAIRS, PANEL_WORDS };

/* One column, or one half of a pair. `alone`: the second of the pair is not in the run, whatever the panel has there. */
VEC_INLINE void panel_multiply_part(const int M, const int J, const enum pair_part part, const bool alone,
                                    const char *const from[], int64_t at, const float *turned,
                                    vec sum[][PANEL_RUNS_J])
{
    vec channel[PANEL_RUNS_J];
    VEC_EACH (j, J) channel[j] = pair_take(part, vec_load(turned + j * VW));
    VEC_EACH (m, M) {
        vec value = pair_all(from[m] + at);
        if (alone) value = (vec)((vecu)value & ~PAIR_UPPER);
        value = pair_take(part, value);
        VEC_EACH (j, J) sum[m][j] = pair_add(part, sum[m][j], value, channel[j]);
    }
}

VEC_INLINE void panel_multiply_column(const int M, const int J, const enum panel_form form, const bool alone,
                                      const char *const from[], int64_t at, const float *turned,
                                      vec sum[][PANEL_RUNS_J])
{
    if (form == PANEL_PAIRS) {
        panel_multiply_part(M, J, PAIR_SECOND, alone, from, at, turned, sum);
        panel_multiply_part(M, J, PAIR_FIRST, alone, from, at, turned, sum);
        return;
    }
    panel_multiply_part(M, J, form == PANEL_WORDS ? PAIR_WORDS : PAIR_FLOATS, alone, from, at, turned, sum);
}

VEC_INLINE void panel_multiply_rows_of(const int M, const int J, const enum panel_form form,
                                       const struct panel_runs *t, const struct panel_row *row)
{
    const int64_t step = form == PANEL_FLOATS ? 1 : 2, size = (int64_t)sizeof(float) / step;
    vec sum[12][PANEL_RUNS_J];
    VEC_EACH (m, M)
        VEC_EACH (j, J) sum[m][j] = (vec){0};
    for (const struct panel_run *run = t->run; run < t->run + t->runs; run++) {
        const float *turned = t->turned + run->column * PANEL_RUNS_WIDTH;
        const char *from[12];
        int64_t k = 0;
        VEC_EACH (m, M) from[m] = (const char *)t->panel + (row[m].from + run->from) * size;
        for (; k + step <= run->count; k += step, turned += PANEL_RUNS_WIDTH)
            panel_multiply_column(M, J, form, false, from, k * size, turned, sum);
        if (k < run->count) panel_multiply_column(M, J, form, true, from, k * size, turned, sum);
    }
    VEC_EACH (m, M)
        VEC_EACH (j, J) {
            float *to = t->sums + row[m].to + j * VW;
            int64_t count = t->channels - j * VW;
            vec_store_some(to, count, (t->fresh ? (vec){0} : vec_load_some(to, count)) + sum[m][j]);
        }
}

/* clang-format off */
#if VEC_REGISTERS == 32
#define TILES(X, ...)                                                                                        \
    X(12, 1, __VA_ARGS__) X(8, 1, __VA_ARGS__) X(4, 1, __VA_ARGS__) X(1, 1, __VA_ARGS__)                     \
    X(12, 2, __VA_ARGS__) X(8, 2, __VA_ARGS__) X(4, 2, __VA_ARGS__) X(1, 2, __VA_ARGS__)                     \
    X(8, 3, __VA_ARGS__) X(4, 3, __VA_ARGS__) X(1, 3, __VA_ARGS__)                                           \
    X(6, 4, __VA_ARGS__) X(4, 4, __VA_ARGS__) X(2, 4, __VA_ARGS__) X(1, 4, __VA_ARGS__)
#else
#define TILES(X, ...)                                                                                        \
    X(6, 1, __VA_ARGS__) X(4, 1, __VA_ARGS__) X(2, 1, __VA_ARGS__) X(1, 1, __VA_ARGS__)                      \
    X(6, 2, __VA_ARGS__) X(4, 2, __VA_ARGS__) X(2, 2, __VA_ARGS__) X(1, 2, __VA_ARGS__)
#endif
/* clang-format on */
#define TILE(M, J, name, form)                                                                               \
    static __attribute__((noinline)) void panel_##name##_##M##_##J(const struct panel_runs *t,               \
                                                                   const struct panel_row *row)              \
    {                                                                                                        \
        panel_multiply_rows_of(M, J, form, t, row);                                                          \
    }
#define RUN(M, J, name)                                                                                      \
    for (; registers == (J) && end - row >= (M); row += (M)) panel_##name##_##M##_##J(t, row);
#define FORM(name, form)                                                                                     \
    TILES(TILE, name, form)                                                                                  \
    static void panel_run_##name(int64_t registers, const struct panel_runs *t)                              \
    {                                                                                                        \
        const struct panel_row *row = t->row, *end = row + t->rows;                                          \
        TILES(RUN, name)                                                                                     \
    }
FORM(floats, PANEL_FLOATS)
FORM(pairs, PANEL_PAIRS)
#if defined(__AVX512F__)
FORM(words, PANEL_WORDS)
#else
#define panel_run_words panel_run_pairs
#endif

void LEVEL(panel_multiply_runs)(int64_t registers, const struct panel_runs *t)
{
    if (!t->pairs)
        panel_run_floats(registers, t);
    else if (pair_has_instruction())
        panel_run_words(registers, t);
    else
        panel_run_pairs(registers, t);
}
