/* split.c - decides which rows are the test set. */
#include <inttypes.h>
#include <math.h>

#include "data/convert/table/private.h"

#define NO_EPOCH UINT64_MAX /* the split's permutation is none that training draws */

static bool table_split_is_dropped(const struct table *t, int64_t row)
{
    return row / 8 < t->dropped_room && t->dropped[row / 8] >> row % 8 & 1;
}

bool table_split_is_test(const struct table *t, int64_t row)
{
    switch (t->options->split) {
    case TABLE_SPLIT_FRACTION:
        return order_at(&t->order, row) < t->test_rows;
    case TABLE_SPLIT_EVERY:
        return row % t->options->split_rows == t->options->split_rows - 1;
    case TABLE_SPLIT_AT:
        return row >= t->options->split_rows;
    case TABLE_SPLIT_NONE:
    case TABLE_SPLIT_FILE:
        break;
    }
    return false;
}

static enum status table_split_check_sides(const struct table *t)
{
    const struct table_options *o = t->options;
    if (t->kept[0] + t->kept[1] == 0 && t->rows > 0)
        return status_fail(STATUS_DATA, "%s: every one of the %" PRId64 " rows misses a value", t->path,
                           t->rows);
    if (o->split == TABLE_SPLIT_NONE || (t->kept[0] > 0 && t->kept[1] > 0)) return STATUS_OK;
    if (o->split == TABLE_SPLIT_FILE)
        return status_fail(STATUS_DATA, "%s: every row misses a value", t->kept[0] ? o->test_file : t->path);
    return status_fail(STATUS_CONFIG,
                       "%s: this split leaves no row for the %s set (%" PRId64 " rows, %" PRId64
                       " without missing values)",
                       t->path, t->kept[0] ? "test" : "training", t->rows, t->kept[0] + t->kept[1]);
}

enum status table_split_prepare(struct table *t)
{
    if (t->options->split == TABLE_SPLIT_FRACTION) {
        t->order = order_make(t->options->seed, NO_EPOCH, t->rows, true);
        t->test_rows = llround(t->options->fraction * (double)t->rows);
    }
    t->kept[0] = 0;
    for (int64_t row = 0; row < t->rows; row++)
        if (!table_split_is_dropped(t, row))
            t->kept[t->options->split != TABLE_SPLIT_FILE && table_split_is_test(t, row)]++;
    return table_split_check_sides(t);
}
