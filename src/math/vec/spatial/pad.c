/* pad.c - padding and cropping along the spatial axes. */
#include "math/pad.h"
#include "math/vec/vec.h"

VEC_INLINE void pad_fill(float *y, int64_t count, float value)
{
    for (int64_t i = 0; i < count; i++) y[i] = value;
}

VEC_INLINE void pad_add(const float *from, int64_t count, float *to)
{
    for (int64_t i = 0; i < count; i++) to[i] += from[i];
}

/* The outputs of a row that are the input itself, [first, end), and the first input among them. */
struct pad_run {
    int64_t first, end, from;
};

static struct pad_run pad_middle(const struct pad *p)
{
    int64_t first = p->before[AXIS_W] > 0 ? p->before[AXIS_W] : 0, from = pad_kept_first(p, AXIS_W);
    return (struct pad_run){first, first + pad_kept_end(p, AXIS_W) - from, from};
}

static void pad_edge(const struct pad *p, int64_t first, int64_t end, const float *x, float *y)
{
    for (int64_t to = first; to < end; to++) {
        int64_t from = pad_source(p, AXIS_W, to);
        if (from < 0)
            pad_fill(y + to * p->lanes, p->lanes, p->value);
        else
            memcpy(y + to * p->lanes, x + from * p->lanes, (size_t)p->lanes * sizeof *y);
    }
}

static void pad_row(const struct pad *p, struct pad_run run, const float *x, float *y)
{
    pad_edge(p, 0, run.first, x, y);
    memcpy(y + run.first * p->lanes, x + run.from * p->lanes,
           (size_t)((run.end - run.first) * p->lanes) * sizeof *y);
    pad_edge(p, run.end, p->out.d[AXIS_W], x, y);
}

void LEVEL(pad_forward)(const struct pad *p, const float *x, float *y)
{
    struct pad_run run = pad_middle(p);
    int64_t from_row = p->in.d[AXIS_W] * p->lanes, to_row = p->out.d[AXIS_W] * p->lanes;
    for (int64_t c = 0; c < p->in.c; c++, x += shape_positions(p->in) * p->lanes)
        for (int64_t d = 0; d < p->out.d[AXIS_D]; d++)
            for (int64_t h = 0; h < p->out.d[AXIS_H]; h++, y += to_row) {
                int64_t from_d = pad_source(p, AXIS_D, d), from_h = pad_source(p, AXIS_H, h);
                if (from_d < 0 || from_h < 0)
                    pad_fill(y, to_row, p->value);
                else
                    pad_row(p, run, x + (from_d * p->in.d[AXIS_H] + from_h) * from_row, y);
            }
}

static void pad_edge_backward(const struct pad *p, int64_t first, int64_t end, const float *dy, float *dx)
{
    for (int64_t to = first; to < end; to++) {
        int64_t from = pad_source(p, AXIS_W, to);
        if (from >= 0) pad_add(dy + to * p->lanes, p->lanes, dx + from * p->lanes);
    }
}

/* The gradient of one row. The first that reaches a row of dx stores, others add. */
static void pad_row_backward(const struct pad *p, struct pad_run run, bool first, const float *dy, float *dx)
{
    int64_t count = (run.end - run.first) * p->lanes, before = run.from * p->lanes;
    if (first) {
        pad_fill(dx, before, 0);
        memcpy(dx + before, dy + run.first * p->lanes, (size_t)count * sizeof *dx);
        pad_fill(dx + before + count, p->in.d[AXIS_W] * p->lanes - before - count, 0);
    } else {
        pad_add(dy + run.first * p->lanes, count, dx + before);
    }
    pad_edge_backward(p, 0, run.first, dy, dx);
    pad_edge_backward(p, run.end, p->out.d[AXIS_W], dy, dx);
}

static bool pad_keeps(const struct pad *p, int axis, int64_t at)
{
    return at >= pad_kept_first(p, axis) && at < pad_kept_end(p, axis);
}

/* Rows that are the input itself come first, in order, then those around it, in order. */
static void pad_channel_backward(const struct pad *p, struct pad_run run, bool inside, const float *dy,
                                 float *dx)
{
    int64_t from_row = p->in.d[AXIS_W] * p->lanes, to_row = p->out.d[AXIS_W] * p->lanes;
    for (int64_t d = 0; d < p->out.d[AXIS_D]; d++)
        for (int64_t h = 0; h < p->out.d[AXIS_H]; h++, dy += to_row) {
            int64_t from_d = pad_source(p, AXIS_D, d), from_h = pad_source(p, AXIS_H, h);
            bool is_inside =
                pad_keeps(p, AXIS_D, d - p->before[AXIS_D]) && pad_keeps(p, AXIS_H, h - p->before[AXIS_H]);
            if (is_inside != inside || from_d < 0 || from_h < 0) continue;
            pad_row_backward(p, run, inside, dy, dx + (from_d * p->in.d[AXIS_H] + from_h) * from_row);
        }
}

static void pad_clear_cut_rows(const struct pad *p, float *dx)
{
    int64_t row = p->in.d[AXIS_W] * p->lanes;
    for (int64_t d = 0; d < p->in.d[AXIS_D]; d++)
        for (int64_t h = 0; h < p->in.d[AXIS_H]; h++, dx += row)
            if (!pad_keeps(p, AXIS_D, d) || !pad_keeps(p, AXIS_H, h)) pad_fill(dx, row, 0);
}

void LEVEL(pad_backward)(const struct pad *p, const float *dy, float *dx)
{
    struct pad_run run = pad_middle(p);
    for (int64_t c = 0; c < p->in.c; c++) {
        pad_clear_cut_rows(p, dx);
        pad_channel_backward(p, run, true, dy, dx);
        pad_channel_backward(p, run, false, dy, dx);
        dy += shape_positions(p->out) * p->lanes;
        dx += shape_positions(p->in) * p->lanes;
    }
}
