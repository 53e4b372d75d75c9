/* values.c - what kinds share that change the values of samples, side by side in up to 16 lanes. */
#include "data/augment/augment.h"

#include "math/loop.h"

struct rng_words augment_draw(const struct augment_view *v, int64_t lane, uint32_t draw)
{
    return rng_words(v->seed, RNG_AUGMENT, augment_counter(v->epoch, v->step, draw), (uint64_t)v->keys[lane]);
}

struct augment_lanes augment_draw_lanes(const struct augment_view *v, double p, double middle, double range)
{
    struct augment_lanes lanes;
    for (int64_t i = 0; i < AUGMENT_ROWS; i++) {
        lanes.of[i] = (float)middle;
        lanes.changed[i] = false;
        if (i >= v->live) continue;
        struct rng_words w = augment_draw(v, i, 0);
        lanes.changed[i] = rng_unit(w.v[0]) < (float)p;
        if (lanes.changed[i]) lanes.of[i] = (float)(middle + range * (2 * (double)rng_unit(w.v[1]) - 1));
    }
    return lanes;
}

/* Rows of `width` numbers, each with the same factors. */
LOOP_BODY void multiply_rows(int64_t rows, int64_t stride, int64_t width, const float *factor,
                             const float *add, float *x)
{
    for (int64_t r = 0; r < rows; r++, x += stride)
        for (int64_t i = 0; i < width; i++) x[i] = x[i] * factor[i] + add[i];
}

LOOP_BODY void multiply_body(int64_t rows, int64_t stride, int64_t width, const float *factor,
                             const float *add, float *x)
{
    float f[AUGMENT_ROWS], a[AUGMENT_ROWS];
    if (width != AUGMENT_ROWS) {
        multiply_rows(rows, stride, width, factor, add, x);
        return;
    }
    for (int i = 0; i < AUGMENT_ROWS; i++) f[i] = factor[i], a[i] = add[i];
    multiply_rows(rows, stride, AUGMENT_ROWS, f, a, x);
}
LOOP_VERSIONS(multiply,
              (int64_t rows, int64_t stride, int64_t width, const float *factor, const float *add, float *x),
              (rows, stride, width, factor, add, x))

/* Of fewer than 16 samples without gaps, 16 positions are one row. */
static void augment_multiply_run(const struct augment_view *v, int64_t count,
                                 const struct augment_lanes *factor, const struct augment_lanes *add,
                                 float *x)
{
    float f[AUGMENT_ROWS * AUGMENT_ROWS], a[AUGMENT_ROWS * AUGMENT_ROWS];
    int64_t width = AUGMENT_ROWS * v->lanes, rows = count / AUGMENT_ROWS, rest = count % AUGMENT_ROWS;
    for (int64_t i = 0; i < width; i++) f[i] = factor->of[i % v->lanes], a[i] = add->of[i % v->lanes];
    multiply[v->kernels->number](rows, width, width, f, a, x);
    multiply[v->kernels->number](1, width, rest * v->lanes, f, a, x + rows * width);
}

void augment_multiply(const struct augment_view *v, int64_t channel, int64_t count,
                      const struct augment_lanes *factor, const struct augment_lanes *add)
{
    struct augment_lanes f, a;
    int64_t plane = shape_positions(v->shape);
    float *x = v->x + channel * plane * v->stride;
    for (int64_t i = 0; i < AUGMENT_ROWS; i++) { /* lanes without a sample stay zero */
        f.of[i] = factor ? factor->of[i] : 1;
        a.of[i] = add && i < v->live ? add->of[i] : 0;
    }
    if (v->lanes == v->stride && v->lanes < AUGMENT_ROWS)
        augment_multiply_run(v, count * plane, &f, &a, x);
    else
        multiply[v->kernels->number](count * plane, v->stride, v->lanes, f.of, a.of, x);
}

LOOP_BODY void add_up_rows(int64_t count, int64_t stride, int64_t lanes, const float *x, double *sums)
{
    double s[AUGMENT_ROWS] = {0};
    for (int64_t p = 0; p < count; p++, x += stride)
        for (int64_t i = 0; i < lanes; i++) s[i] += (double)x[i];
    for (int64_t i = 0; i < lanes; i++) sums[i] = s[i];
}

LOOP_BODY void add_up_body(int64_t count, int64_t stride, int64_t lanes, const float *x, double *sums)
{
    if (lanes == AUGMENT_ROWS)
        add_up_rows(count, stride, AUGMENT_ROWS, x, sums);
    else
        add_up_rows(count, stride, lanes, x, sums);
}
LOOP_VERSIONS(add_up, (int64_t count, int64_t stride, int64_t lanes, const float *x, double *sums),
              (count, stride, lanes, x, sums))

void augment_find_means(const struct augment_view *v, int64_t channel, struct augment_lanes *means)
{
    double sums[AUGMENT_ROWS];
    int64_t plane = shape_positions(v->shape);
    add_up[v->kernels->number](plane, v->stride, v->lanes, v->x + channel * plane * v->stride, sums);
    for (int64_t i = 0; i < v->lanes; i++) means->of[i] = (float)(sums[i] / (double)plane);
}

struct augment_box augment_place_box(struct shape shape, const double *size, struct rng_words w)
{
    struct augment_box box;
    for (int a = 0; a < SHAPE_AXES; a++) {
        int64_t length = shape.d[a], first = augment_draw_integer(w.v[a], length) - (int64_t)size[a] / 2;
        int64_t end = first + (int64_t)size[a];
        bool axis = a >= SHAPE_AXES - shape.rank;
        box.first[a] = axis && first > 0 ? first : 0;
        box.end[a] = axis && end < length ? end : length;
    }
    return box;
}
