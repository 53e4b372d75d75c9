/* depthwise_wide.c - rows of depthwise.h whose positions lie apart in source or result, and have many lanes.
 *
 * A sum is one chain of products over the taps that see a source, in order. A tap sees a position whole or not at all: the
 * taps that do are listed, once for all positions that see every one. */
#include "math/vec/conv/depthwise/depthwise.h"

#define REGISTERS (DEPTHWISE_WIDE / VW)

/* Lists what the position at `column` sees in row r; returns how many taps. */
static int64_t depthwise_list_seen(const struct depthwise_rows *t, int64_t r, int64_t column)
{
    int64_t count = 0;
    for (int64_t i = 0; i < t->rows; i++) {
        const float *row = t->row[i * DEPTHWISE_ROWS + r];
        for (const struct side_tap *tap = t->tap; row && tap < t->tap + t->taps.count; tap++)
            if (column >= tap->low && column < tap->high)
                t->list[count++] = (struct seen_tap){row + tap->at, t->weight[i * t->across + tap->index]};
    }
    return count;
}

/* The lanes of a position that is `from` floats from the start of the sources, with `count` taps. */
static void depthwise_add_wide(const struct depthwise_rows *t, int64_t count, int64_t lanes, int64_t from,
                               int64_t at)
{
    const struct finish finish = *t->finish;
    for (const int64_t end = from + lanes; from < end; from += DEPTHWISE_WIDE, at += DEPTHWISE_WIDE) {
        vec sum[REGISTERS];
        VEC_EACH (j, REGISTERS) sum[j] = vec_all(t->bias);
        for (const struct seen_tap *tap = t->list; tap < t->list + count; tap++) {
            vec weight = vec_all(tap->weight);
            VEC_EACH (j, REGISTERS) sum[j] += weight * vec_load_any(tap->source + from + j * VW);
        }
        VEC_EACH (j, REGISTERS)
            vec_store_any(t->result + at + j * VW, finish_apply(&finish, at + j * VW, sum[j]));
    }
}

void LEVEL(depthwise_run_wide)(const struct depthwise_rows *t, int64_t r, int64_t lanes, int64_t from,
                               int64_t to)
{
    int64_t count = 0, positions = t->taps.columns / lanes;
    for (int64_t i = 0; i < positions; i++) {
        int64_t column = i * lanes;
        if (column <= t->taps.first || column >= t->taps.end) count = depthwise_list_seen(t, r, column);
        depthwise_add_wide(t, count, lanes, i * from, t->at[r] + i * to);
    }
}
