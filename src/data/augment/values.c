/* values.c - what kinds share that change the values of samples, side by side in 16 lanes. */
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

LOOP_BODY void multiply_body(int64_t count, int64_t stride, const float *factor, const float *add, float *x)
{
    float f[AUGMENT_ROWS], a[AUGMENT_ROWS];
    for (int i = 0; i < AUGMENT_ROWS; i++) f[i] = factor[i], a[i] = add[i];
    for (int64_t p = 0; p < count; p++, x += stride)
        for (int i = 0; i < AUGMENT_ROWS; i++) x[i] = x[i] * f[i] + a[i];
}
LOOP_VERSIONS(multiply, (int64_t count, int64_t stride, const float *factor, const float *add, float *x),
              (count, stride, factor, add, x))

void augment_multiply(const struct augment_view *v, int64_t channel, int64_t count,
                      const struct augment_lanes *factor, const struct augment_lanes *add)
{
    struct augment_lanes f, a;
    int64_t plane = shape_positions(v->shape);
    for (int64_t i = 0; i < AUGMENT_ROWS; i++) { /* lanes without a sample stay zero */
        f.of[i] = factor ? factor->of[i] : 1;
        a.of[i] = add && i < v->live ? add->of[i] : 0;
    }
    multiply[v->kernels->number](count * plane, v->stride, f.of, a.of, v->x + channel * plane * v->stride);
}

LOOP_BODY void add_up_body(int64_t count, int64_t stride, const float *x, double *sums)
{
    double s[AUGMENT_ROWS] = {0};
    for (int64_t p = 0; p < count; p++, x += stride)
        for (int i = 0; i < AUGMENT_ROWS; i++) s[i] += (double)x[i];
    for (int i = 0; i < AUGMENT_ROWS; i++) sums[i] = s[i];
}
LOOP_VERSIONS(add_up, (int64_t count, int64_t stride, const float *x, double *sums), (count, stride, x, sums))

void augment_find_means(const struct augment_view *v, int64_t channel, struct augment_lanes *means)
{
    double sums[AUGMENT_ROWS];
    int64_t plane = shape_positions(v->shape);
    add_up[v->kernels->number](plane, v->stride, v->x + channel * plane * v->stride, sums);
    for (int i = 0; i < AUGMENT_ROWS; i++) means->of[i] = (float)(sums[i] / (double)plane);
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
