/* columns.c - the registers of columns.h. */
#include "math/vec/conv/direct/columns.h"

/* Where a position has more lanes, registers are taken position by position of this many: neighbours see the same lines
 * of the panel through different taps, while these lie in the L1 cache. */
#define BLOCK 16

/* A run of results that lie side by side in the panel and in the result. */
struct columns_run {
    int64_t z, y, x; /* its first result, from the block's first */
    int64_t floats;
    int64_t from, to;
};

static bool columns_sees_padding(const struct halo *h, const struct block *b, int axis)
{
    const struct axis *a = &h->axis[axis];
    return b->first[axis] < a->inside || b->first[axis] + b->count[axis] > a->inside_end;
}

/* The taps that results at `first` to `last` floats of a run do without. */
static uint64_t columns_skip(const struct halo *h, const struct block *b, const struct columns_run *run,
                             int64_t first, int64_t last, const bool edge[SHAPE_AXES])
{
    uint64_t skip[SHAPE_AXES] = {0};
    int64_t width = b->count[AXIS_W] * h->lanes, row = 0, last_row = 0;
    if (last >= width) row = first / width, last_row = last / width;
    int64_t z = b->first[AXIS_D] + run->z, y = b->first[AXIS_H] + run->y, x = b->first[AXIS_W] + run->x;
    if (edge[AXIS_D]) skip[AXIS_D] = axis_skip(&h->axis[AXIS_D], z, z);
    if (edge[AXIS_H]) skip[AXIS_H] = axis_skip(&h->axis[AXIS_H], y + row, y + last_row);
    const struct axis *a = &h->axis[AXIS_W];
    bool inside = first >= (a->inside - x) * h->lanes && last < (a->inside_end - x) * h->lanes;
    if (edge[AXIS_W] && row == last_row && !inside)
        skip[AXIS_W] = axis_skip(&h->axis[AXIS_W], x + (first - row * width) / h->lanes,
                                 x + (last - row * width) / h->lanes);
    return halo_skip(skip);
}

static int64_t columns_list_run(const struct halo *h, const struct block *b, const struct columns_run *run,
                                bool inner, const bool edge[SHAPE_AXES], struct tile_column *column)
{
    int64_t count = 0;
    bool any_edge = edge[AXIS_D] || edge[AXIS_H] || edge[AXIS_W];
    for (int64_t at = 0, left = run->floats; left > 0; at += VW, left -= VW) {
        if (inner && left < VW) at -= VW - left, left = VW;
        int64_t valid = left < VW ? left : VW;
        struct tile_column *c = &column[count++];
        c->from = run->from + at, c->to = run->to + at, c->count = valid;
        c->skip = any_edge ? columns_skip(h, b, run, at, at + valid - 1, edge) : 0;
    }
    return count;
}

bool LEVEL(columns_same)(const struct halo *h, const struct block *a, const struct block *b)
{
    for (int i = 0; i < SHAPE_AXES; i++) {
        if (a->count[i] != b->count[i]) return false;
        if (a->first[i] != b->first[i] && (columns_sees_padding(h, a, i) || columns_sees_padding(h, b, i)))
            return false;
    }
    return true;
}

/* Moves those with equal taps together. */
static void columns_group(struct tile_column *column, int64_t count)
{
    for (int64_t first = 0, next; first < count; first = next) {
        next = first + 1;
        for (int64_t i = next; i < count; i++) {
            if (column[i].skip != column[first].skip) continue;
            struct tile_column other = column[next];
            column[next++] = column[i], column[i] = other;
        }
    }
}

/* Counts the registers that lie side by side. */
static void columns_count_beside(struct tile_column *column, int64_t count)
{
    for (int64_t i = count - 1; i >= 0; i--) {
        struct tile_column *c = &column[i];
        const struct tile_column *next = c + 1;
        bool goes_on =
            i + 1 < count && next->skip == c->skip && next->from == c->from + VW && next->to == c->to + VW;
        c->beside = c->count < VW ? 0 : goes_on ? 1 + next->beside : 1;
    }
}

int64_t LEVEL(columns_list)(const struct halo *h, const struct block *b, const struct columns_to *to,
                            bool inner, struct tile_column *columns)
{
    const int64_t *count = b->count;
    int64_t width = count[AXIS_W] * h->lanes, n = 0;
    bool pieces = to->position != h->lanes || h->step[AXIS_W] != h->lanes,
         blocks = !pieces && !inner && h->axis[AXIS_W].taps > 1 && h->axis[AXIS_H].taps > 1 &&
                  count[AXIS_W] > 1 && h->lanes > BLOCK && h->lanes % BLOCK == 0,
         joined = !pieces && !blocks && h->step[AXIS_H] == width && (count[AXIS_H] == 1 || to->row == width),
         edge[SHAPE_AXES];
    for (int i = 0; i < SHAPE_AXES; i++) edge[i] = columns_sees_padding(h, b, i);
    struct columns_run run = {.floats = joined   ? count[AXIS_H] * width
                                        : blocks ? BLOCK
                                        : pieces ? h->lanes
                                                 : width};
    for (int64_t lane = 0; lane < h->lanes; lane += blocks ? BLOCK : h->lanes)
        for (run.z = 0; run.z < count[AXIS_D]; run.z++)
            for (run.y = 0; run.y < count[AXIS_H]; run.y += joined ? count[AXIS_H] : 1)
                for (run.x = 0; run.x < count[AXIS_W]; run.x += pieces || blocks ? 1 : count[AXIS_W]) {
                    run.from =
                        run.z * h->step[AXIS_D] + run.y * h->step[AXIS_H] + run.x * h->step[AXIS_W] + lane;
                    run.to = run.z * to->plane + run.y * to->row + run.x * to->position + lane;
                    n += columns_list_run(h, b, &run, inner, edge, columns + n);
                }
    if (edge[AXIS_D] || edge[AXIS_H] || edge[AXIS_W]) columns_group(columns, n);
    columns_count_beside(columns, n);
    return n;
}
