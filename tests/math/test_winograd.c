/* test_winograd.c - 3x3 convolutions of passes of any number of samples: a sample gets the bits that it has in a pass of
 * 32, and the weight gradient is that of the definition. Arrays end where their last sample ends. */
#include "kernels.h"
#include "math/blas.h"
#include "vectors.h"

#define ALL 32 /* samples there are; 16 lanes are no dense pass */

static const int64_t counts[] = {1, 2, 3, 4, 5, 7, 8, 12, 20, 31};
#define COUNTS (int)(sizeof counts / sizeof counts[0])

struct problem {
    struct window c;
    int64_t in, out, weights; /* elements of a sample */
    float *x, *dy, *w, *bias; /* of ALL samples */
    float *y, *dx;
};

/* Exactly `count` floats, aligned. */
static float *exact(int64_t count)
{
    void *p = NULL;
    CHECK(posix_memalign(&p, 64, (size_t)count * sizeof(float)) == 0);
    return p;
}

/* Samples [0, count) of all. */
static float *first_samples(const float *all, int64_t elements, int64_t count)
{
    float *some = exact(elements * count);
    for (int64_t i = 0; i < elements; i++)
        memcpy(some + i * count, all + i * ALL, (size_t)count * sizeof *all);
    return some;
}

static int64_t differing(const float *some, const float *all, int64_t elements, int64_t count)
{
    int64_t differ = 0;
    for (int64_t i = 0; i < elements; i++) differ += !same(some + i * count, all + i * ALL, count);
    return differ;
}

/* One element of the weight gradient by definition, within rounding. */
static void check_weight(const struct problem *p, int64_t count, int64_t index, float value)
{
    const struct window *c = &p->c;
    int64_t taps = window_taps(c), oc = index / (c->in.c * taps), ic = index / taps % c->in.c,
            tap = index % taps;
    int64_t k[] = {tap / 9, tap / 3 % 3, tap % 3};
    double sum = 0, size = 0;
    for (int64_t o = 0; o < shape_positions(c->out); o++) {
        int64_t at = ic, position = o, to[SHAPE_AXES];
        for (int a = SHAPE_AXES - 1; a >= 0; a--) to[a] = position % c->out.d[a], position /= c->out.d[a];
        bool inside = true;
        for (int a = 0; a < SHAPE_AXES; a++) {
            int64_t from = to[a] - c->pad_before[a] + k[a];
            inside = inside && from >= 0 && from < c->in.d[a];
            at = at * c->in.d[a] + from;
        }
        for (int64_t n = 0; inside && n < count; n++) {
            double term = (double)p->x[at * ALL + n] * p->dy[(oc * shape_positions(c->out) + o) * ALL + n];
            sum += term, size += fabs(term);
        }
    }
    CHECK_NEAR(value, sum, FLOAT_EPSILON * size * 64);
}

/* A pass of the first `count` samples; returns its weight gradient. */
static float *check_count_of(const struct problem *p, int64_t count)
{
    struct window c = p->c;
    c.lanes = count;
    float *x = first_samples(p->x, p->in, count), *dy = first_samples(p->dy, p->out, count);
    float *y = exact(p->out * count), *dx = exact(p->in * count), *dw = exact(p->weights);
    float *scratch = exact(kernels->conv_scratch_floats(&c));
    memset(scratch, 0xff, (size_t)kernels->conv_scratch_floats(&c) * sizeof *scratch);
    kernels->conv_forward(&c, p->w, x, &(struct finish){.bias = p->bias, .relu = RELU_UNLIMITED}, y, scratch);
    kernels->conv_backward_data(&c, p->w, dy, &(struct finish){.mask = x, .mask_limit = RELU_UNLIMITED}, dx,
                                scratch);
    kernels->conv_backward_weight(&c, x, dy, dw, scratch);
    CHECK(differing(y, p->y, p->out, count) == 0);
    CHECK(differing(dx, p->dx, p->in, count) == 0);
    for (int64_t i = 0; i < p->weights; i += 1 + p->weights / 97) check_weight(p, count, i, dw[i]);
    free(x), free(dy), free(y), free(dx), free(scratch);
    return dw;
}

static void check_window(struct window c, int64_t out)
{
    CHECK(window_place(&c, out, c.in.rank));
    c.lanes = ALL, c.leaves = 1;
    struct problem p = {.c = c, .in = shape_features(c.in), .out = shape_features(c.out)};
    p.weights = out * c.in.c * window_taps(&c);
    p.x = vector(p.in * ALL, 1), p.dy = vector(p.out * ALL, 2), p.w = vector(p.weights, 3),
    p.bias = vector(out, 4);
    p.y = vector(p.out * ALL, 0), p.dx = vector(p.in * ALL, 0);
    float *first[COUNTS] = {0};
    for (int i = 0; i < LEVEL_NAMES; i++) {
        if (select_kernels(level_names[i]) != STATUS_OK) continue;
        float *scratch = vector(kernels->conv_scratch_floats(&c), 0);
        kernels->conv_forward(&c, p.w, p.x, &(struct finish){.bias = p.bias, .relu = RELU_UNLIMITED}, p.y,
                              scratch);
        kernels->conv_backward_data(
            &c, p.w, p.dy, &(struct finish){.mask = p.x, .mask_limit = RELU_UNLIMITED}, p.dx, scratch);
        mem_free(&scratch);
        bool fused = strcmp(level_names[i], "v2") != 0;
        for (int n = 0; n < COUNTS; n++) {
            float *dw = check_count_of(&p, counts[n]);
            if (fused && first[n]) CHECK(same(first[n], dw, p.weights));
            if (fused && !first[n])
                first[n] = dw;
            else
                free(dw);
        }
    }
    for (int n = 0; n < COUNTS; n++) free(first[n]);
    mem_free(&p.x), mem_free(&p.dy), mem_free(&p.w), mem_free(&p.bias), mem_free(&p.y), mem_free(&p.dx);
}

/* Depth, height and width: inputs, taps of depth, padding before and after. Planes have 64 positions and more. */
static const struct {
    int64_t channels, out, in[SHAPE_AXES], kernel_depth, before[SHAPE_AXES], after[SHAPE_AXES];
} windows[] = {
    {12, 13, {1, 8, 9}, 1, {0, 1, 1}, {0, 1, 1}},   {13, 12, {1, 13, 7}, 1, {0, 1, 1}, {0, 1, 1}},
    {16, 12, {1, 10, 11}, 1, {0, 0, 2}, {0, 2, 0}}, {12, 16, {1, 9, 10}, 1, {0, 2, 0}, {0, 0, 1}},
    {12, 12, {1, 1, 70}, 1, {0, 1, 1}, {0, 1, 1}},  {12, 70, {1, 70, 1}, 1, {0, 1, 1}, {0, 1, 1}},
    {12, 14, {1, 8, 67}, 1, {0, 1, 1}, {0, 1, 1}},  {70, 12, {3, 8, 8}, 3, {1, 1, 1}, {1, 1, 1}},
    {13, 17, {4, 9, 8}, 2, {1, 2, 1}, {0, 0, 1}},   {300, 12, {1, 8, 8}, 1, {0, 1, 1}, {0, 1, 1}},
};
#define WINDOWS (int)(sizeof windows / sizeof windows[0])

static void test_any_count(void)
{
    for (int i = 0; i < WINDOWS; i++) {
        struct window c = {.in = {windows[i].channels, SHAPE_AXES, {0}}, .groups = 1};
        for (int a = 0; a < SHAPE_AXES; a++) {
            c.in.d[a] = windows[i].in[a];
            c.kernel[a] = a == AXIS_D ? windows[i].kernel_depth : 3;
            c.stride[a] = c.dilation[a] = 1;
            c.pad_before[a] = windows[i].before[a], c.pad_after[a] = windows[i].after[a];
        }
        check_window(c, windows[i].out);
    }
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    blas_start();
    CHECK_CASE(test_any_count());
    CHECK(mem_alive() == 0);
    return check_result();
}
