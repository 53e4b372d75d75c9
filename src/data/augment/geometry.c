/* geometry.c - composes moves along axes, and copies samples by them. */
#include "data/augment/geometry.h"

#include <assert.h>
#include <string.h>

#include "core/mem.h"
#include "math/loop.h"

enum status geometry_init(struct geometry *g, struct shape from)
{
    int64_t longest = 1;
    *g = (struct geometry){.from = from};
    for (int a = 0; a < SHAPE_AXES; a++)
        if (from.d[a] > longest) longest = from.d[a];
    if (longest > INT32_MAX)
        return status_fail(STATUS_DATA, "data.augment: an axis is longer than %d", INT32_MAX);
    TRY(mem_alloc(&g->memory, (size_t)longest * (SHAPE_AXES + 1), sizeof *g->memory, "augmentation"));
    for (int a = 0; a < SHAPE_AXES; a++) g->at[a] = g->memory + a * longest;
    g->next = g->memory + SHAPE_AXES * longest;
    return STATUS_OK;
}

void geometry_free(struct geometry *g)
{
    mem_free(&g->memory);
}

void geometry_begin(struct geometry *g)
{
    g->to = g->from;
    for (int a = 0; a < SHAPE_AXES; a++) {
        g->axis[a] = a;
        for (int32_t i = 0; i < g->from.d[a]; i++) g->at[a][i] = i;
    }
}

void geometry_move(struct geometry *g, int axis, int64_t length)
{
    int32_t *was = g->at[axis], *next = g->next;
    for (int64_t i = 0; i < length; i++) next[i] = next[i] < 0 ? next[i] : was[next[i]];
    g->at[axis] = next;
    g->next = was;
    g->to.d[axis] = length;
}

void geometry_cut(struct geometry *g, int axis, int64_t first, int64_t length)
{
    for (int64_t i = 0; i < length; i++) g->next[i] = (int32_t)(first + i);
    geometry_move(g, axis, length);
}

void geometry_reverse(struct geometry *g, int axis)
{
    int32_t length = (int32_t)g->to.d[axis];
    for (int32_t i = 0; i < length; i++) g->next[i] = length - 1 - i;
    geometry_move(g, axis, length);
}

void geometry_swap(struct geometry *g, int a, int b)
{
    int32_t *at = g->at[a];
    int axis = g->axis[a];
    assert(g->to.d[a] == g->to.d[b]);
    g->at[a] = g->at[b], g->axis[a] = g->axis[b];
    g->at[b] = at, g->axis[b] = axis;
}

/* The last axis, along which lines are copied: `before` places outside, then `count` places that are `step` elements
 * apart, then places outside again; count -1 = none of this. */
struct line {
    int64_t before, count, step;
};

static struct line geometry_find_line(const struct geometry *g, int64_t stride)
{
    const int32_t *at = g->at[AXIS_W];
    int64_t length = g->to.d[AXIS_W], before = 0, end = length;
    while (before < length && at[before] < 0) before++;
    while (end > before && at[end - 1] < 0) end--;
    struct line line = {before, end - before, stride};
    if (line.count > 1) line.step = (at[before + 1] - at[before]) * stride;
    for (int64_t i = before; i + 1 < end; i++)
        if (at[i + 1] < 0 || (at[i + 1] - at[i]) * stride != line.step) line.count = -1;
    return line;
}

/* One line of the result: `from` points at place 0 of its line in the stored sample. */
#define GEOMETRY_LINE(name, type)                                                                            \
    LOOP_BODY void name(const struct geometry *g, struct line line, int64_t stride,                          \
                        const type *restrict from, const type *fill, type *restrict to)                      \
    {                                                                                                        \
        const int32_t *at = g->at[AXIS_W];                                                                   \
        int64_t length = g->to.d[AXIS_W], end = line.before + line.count;                                    \
        if (line.count < 0) {                                                                                \
            for (int64_t i = 0; i < length; i++)                                                             \
                to[i] = at[i] < 0 ? fill[-1 - at[i]] : from[at[i] * stride];                                 \
            return;                                                                                          \
        }                                                                                                    \
        for (int64_t i = 0; i < line.before; i++) to[i] = fill[-1 - at[i]];                                  \
        for (int64_t i = end; i < length; i++) to[i] = fill[-1 - at[i]];                                     \
        if (line.count == 0) return;                                                                         \
        from += at[line.before] * stride;                                                                    \
        to += line.before;                                                                                   \
        if (line.step == 1)                                                                                  \
            memcpy(to, from, (size_t)line.count * sizeof *to);                                               \
        else if (line.step == -1)                                                                            \
            for (int64_t i = 0; i < line.count; i++) to[i] = from[-i];                                       \
        else                                                                                                 \
            for (int64_t i = 0; i < line.count; i++) to[i] = from[i * line.step];                            \
    }

/* A line that is outside along another axis: where it is along several axes, the last of the steps counts. */
#define GEOMETRY_FILL(name, type)                                                                            \
    LOOP_BODY void name(const struct geometry *g, int32_t outside, int64_t length, const type *fill,         \
                        type *to)                                                                            \
    {                                                                                                        \
        const int32_t *at = g->at[AXIS_W];                                                                   \
        for (int64_t i = 0; i < length; i++) to[i] = fill[-1 - (at[i] < outside ? at[i] : outside)];         \
    }

/* All lines of all channels. */
#define GEOMETRY_COPY(name, line_name, fill_name, type)                                                      \
    LOOP_BODY void name##_body(const struct geometry *g, int64_t channels, const type *from,                 \
                               const type *fill, type *to)                                                   \
    {                                                                                                        \
        const int64_t strides[SHAPE_AXES] = {g->from.d[AXIS_H] * g->from.d[AXIS_W], g->from.d[AXIS_W], 1};   \
        int64_t stride_d = strides[g->axis[AXIS_D]], stride_h = strides[g->axis[AXIS_H]],                    \
                stride_w = strides[g->axis[AXIS_W]], plane = shape_positions(g->from),                       \
                length = g->to.d[AXIS_W];                                                                    \
        struct line line = geometry_find_line(g, stride_w);                                                  \
        for (int64_t c = 0; c < channels; c++, from += plane)                                                \
            for (int64_t d = 0; d < g->to.d[AXIS_D]; d++)                                                    \
                for (int64_t h = 0; h < g->to.d[AXIS_H]; h++, to += length) {                                \
                    int32_t z = g->at[AXIS_D][d], y = g->at[AXIS_H][h], outside = z < y ? z : y;             \
                    if (outside < 0)                                                                         \
                        fill_name(g, outside, length, fill, to);                                             \
                    else                                                                                     \
                        line_name(g, line, stride_w, from + z * stride_d + y * stride_h, fill, to);          \
                }                                                                                            \
    }                                                                                                        \
    LOOP_VERSIONS(                                                                                           \
        name, (const struct geometry *g, int64_t channels, const type *from, const type *fill, type *to),    \
        (g, channels, from, fill, to))

GEOMETRY_FILL(geometry_fill_bytes, uint8_t)
GEOMETRY_FILL(geometry_fill_words, uint32_t)
GEOMETRY_LINE(geometry_line_bytes, uint8_t)
GEOMETRY_LINE(geometry_line_words, uint32_t)
GEOMETRY_COPY(copy_bytes, geometry_line_bytes, geometry_fill_bytes, uint8_t)
GEOMETRY_COPY(copy_words, geometry_line_words, geometry_fill_words, uint32_t)

void geometry_copy_bytes(const struct geometry *g, const struct kernels *k, int64_t channels,
                         const uint8_t *from, const uint8_t *fill, uint8_t *to)
{
    copy_bytes[k->number](g, channels, from, fill, to);
}

void geometry_copy_words(const struct geometry *g, const struct kernels *k, int64_t channels,
                         const uint32_t *from, const uint32_t *fill, uint32_t *to)
{
    copy_words[k->number](g, channels, from, fill, to);
}
