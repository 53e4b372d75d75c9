/* test_conv_samples.c - convolutions of any number of samples.
 *
 * Random windows, of 32 samples in whole vectors, against the definition in double; then the first N of them,
 * without padding, whose outputs and data gradients must have the same bits. Sums over samples are compared with
 * the definition at every N. Products of bfloat16 have inputs that are such numbers, so that the definition is the same.
 * Arrays end with their last element. The environment's WINDOWS says how many
 * windows are drawn. */
#include <stdlib.h>

#include "kernels.h"
#include "math/blas.h"
#include "vectors.h"

#define WINDOWS  150
#define SAMPLES  32 /* of the base */
#define ELEMENTS 40 /* of each result that are compared with the definition */

static uint64_t drawn;  /* random numbers so far */
static bool draws_bf16; /* numbers of arrays have their upper 16 bits only */

static int64_t draw(int64_t low, int64_t high)
{
    return low + rng_words(2, RNG_SYNTHETIC, 0, drawn++).v[0] % (uint64_t)(high - low + 1);
}

/* `count` floats and not a byte more; of stream 0 with NaN, so that what is not written is noticed. */
static float *row_of(int64_t count, uint64_t stream)
{
    void *p = NULL;
    CHECK(posix_memalign(&p, 64, (size_t)count * sizeof(float)) == 0);
    float *v = p;
    for (int64_t i = 0; i < count; i++)
        v[i] = stream ? 2 * rng_unit(rng_words(3, RNG_SYNTHETIC, stream, (uint64_t)i).v[0]) - 1 : NAN;
    for (int64_t i = 0; draws_bf16 && i < count; i++) {
        uint32_t bits;
        memcpy(&bits, v + i, sizeof bits);
        bits &= 0xffff0000u;
        memcpy(v + i, &bits, sizeof bits);
    }
    return v;
}

/* The first `samples` of `all`. */
static float *first_samples(const float *all, int64_t features, int64_t samples)
{
    float *some = row_of(features * samples, 0);
    for (int64_t f = 0; f < features; f++)
        memcpy(some + f * samples, all + f * SAMPLES, (size_t)samples * sizeof *some);
    return some;
}

/* A convolution of some samples, and its results. */
struct sample_case {
    struct window c;
    int64_t in, out, weights; /* features */
    float *w, *bias, *in_bias, *x, *dy, *y, *dx, *dw;
};

static void compute(struct sample_case *k)
{
    int64_t lanes = k->c.lanes;
    struct window larger = k->c; /* a run whose slices have more samples asks once, for all its passes */
    larger.lanes = SAMPLES + 1;
    CHECK(kernels->conv_scratch_floats(&larger) >= kernels->conv_scratch_floats(&k->c));
    float *scratch = row_of(kernels->conv_scratch_floats(&k->c), 0);
    k->y = row_of(k->out * lanes, 0), k->dx = row_of(k->in * lanes, 0), k->dw = row_of(k->weights, 0);
    kernels->conv_forward(&k->c, k->w, k->x, &(struct finish){.bias = k->bias, .relu = RELU_UNLIMITED}, k->y,
                          scratch);
    struct finish finish = {.mask = k->x, .mask_limit = RELU_UNLIMITED};
    if (k->c.transposed) finish = (struct finish){.bias = k->in_bias, .relu = RELU_UNLIMITED};
    kernels->conv_backward_data(&k->c, k->w, k->dy, &finish, k->dx, scratch);
    kernels->conv_backward_weight(&k->c, k->x, k->dy, k->dw, scratch);
    free(scratch);
}

static void case_free(struct sample_case *k)
{
    free(k->x), free(k->dy), free(k->y), free(k->dx), free(k->dw);
}

/* Where in an activation position p of channel c is; -1 outside. */
static int64_t place_of(struct shape s, int64_t c, const int64_t p[SHAPE_AXES])
{
    for (int i = 0; i < SHAPE_AXES; i++) {
        if (p[i] < 0 || p[i] >= s.d[i]) return -1;
        c = c * s.d[i] + p[i];
    }
    return c;
}

static void positions_of(int64_t index, const int64_t sizes[SHAPE_AXES], int64_t p[SHAPE_AXES])
{
    for (int i = SHAPE_AXES - 1; i >= 0; i--) p[i] = index % sizes[i], index /= sizes[i];
}

/* The input that output `out` sees through weight `w`; -1: none. */
static int64_t input_of(const struct window *c, int64_t out, int64_t w)
{
    int64_t taps = window_taps(c), channels = c->in.c / c->groups, oc = out / shape_positions(c->out);
    if (w / taps / channels != oc) return -1;
    int64_t o[SHAPE_AXES], tap[SHAPE_AXES];
    positions_of(out % shape_positions(c->out), c->out.d, o);
    positions_of(w % taps, c->kernel, tap);
    for (int a = 0; a < SHAPE_AXES; a++)
        o[a] = o[a] * c->stride[a] - c->pad_before[a] + tap[a] * c->dilation[a];
    return place_of(c->in, oc / (c->out.c / c->groups) * channels + w / taps % channels, o);
}

struct exact {
    double sum, size; /* of the terms */
};

static void exact_add(struct exact *e, double term)
{
    e->sum += term, e->size += fabs(term);
}

static void check_output(const struct sample_case *k, int64_t out, int64_t n)
{
    int64_t depth = k->weights / k->c.out.c, oc = out / shape_positions(k->c.out);
    struct exact e = {k->bias[oc], fabs(k->bias[oc])};
    for (int64_t w = oc * depth; w < (oc + 1) * depth; w++) {
        int64_t in = input_of(&k->c, out, w);
        if (in >= 0) exact_add(&e, (double)k->w[w] * k->x[in * k->c.lanes + n]);
    }
    CHECK_NEAR(k->y[out * k->c.lanes + n], e.sum < 0 ? 0 : e.sum,
               FLOAT_EPSILON * e.size * (double)(depth + 4));
}

/* One element of both gradients. */
static void check_input(const struct sample_case *k, int64_t in, int64_t n)
{
    const struct window *c = &k->c;
    int64_t depth = k->weights / c->out.c, positions = shape_positions(c->out);
    double bias = c->transposed ? k->in_bias[in / shape_positions(c->in)] : 0;
    struct exact e = {bias, fabs(bias)};
    for (int64_t w = 0; w < k->weights; w++) {
        if (in / shape_positions(c->in) % (c->in.c / c->groups) != w / window_taps(c) % (c->in.c / c->groups))
            continue;
        int64_t first = w / depth * positions;
        for (int64_t out = first; out < first + positions; out++)
            if (input_of(c, out, w) == in) exact_add(&e, (double)k->w[w] * k->dy[out * c->lanes + n]);
    }
    bool zero = c->transposed ? e.sum < 0 : k->x[in * c->lanes + n] <= 0;
    CHECK_NEAR(k->dx[in * c->lanes + n], zero ? 0 : e.sum,
               FLOAT_EPSILON * e.size * (double)(k->weights / c->in.c * c->groups + 4));
}

static void check_weight(const struct sample_case *k, int64_t w)
{
    int64_t depth = k->weights / k->c.out.c, positions = shape_positions(k->c.out), lanes = k->c.lanes;
    struct exact e = {0, 0};
    for (int64_t out = w / depth * positions; out < (w / depth + 1) * positions; out++) {
        int64_t in = input_of(&k->c, out, w);
        for (int64_t n = 0; in >= 0 && n < lanes; n++)
            exact_add(&e, (double)k->dy[out * lanes + n] * k->x[in * lanes + n]);
    }
    CHECK_NEAR(k->dw[w], e.sum, FLOAT_EPSILON * e.size * (double)(positions * lanes + 4));
}

static void check_definition(const struct sample_case *k, bool forward)
{
    for (int i = 0; i < ELEMENTS && forward; i++) {
        check_output(k, draw(0, k->out - 1), draw(0, k->c.lanes - 1));
        if (i % 8 == 0) check_input(k, draw(0, k->in - 1), draw(0, k->c.lanes - 1));
    }
    for (int i = 0; i < ELEMENTS / 8; i++) check_weight(k, draw(0, k->weights - 1));
}

/* The same bits as in the base. */
static void check_same(const float *some, const float *base, int64_t features, int64_t samples)
{
    float *want = first_samples(base, features, samples);
    CHECK(same(some, want, features * samples));
    free(want);
}

static void check_samples(const struct sample_case *base, int64_t samples)
{
    struct sample_case k = *base;
    k.c.lanes = samples;
    k.x = first_samples(base->x, k.in, samples), k.dy = first_samples(base->dy, k.out, samples);
    compute(&k);
    if (k.c.products != PRODUCTS_BLAS) {
        check_same(k.y, base->y, k.out, samples);
        check_same(k.dx, base->dx, k.in, samples);
    }
    check_definition(&k, k.c.products == PRODUCTS_BLAS);
    case_free(&k);
}

static struct window draw_window(void)
{
    struct window c = {
        .leaves = 1, .lanes = SAMPLES, .any_lanes = true, .groups = draw(0, 3) ? 1 : draw(2, 3)};
    int rank = (int)draw(1, 3);
    int64_t most = rank == 1 ? 60 : rank == 2 ? 13 : 7, many = draw(0, 2) ? 7 : 26;
    bool each = c.groups > 1 && draw(0, 1);
    do {
        c.in = (struct shape){c.groups * (each ? 1 : draw(1, many)), rank, {1, 1, 1}};
        for (int i = 0; i < SHAPE_AXES; i++) {
            bool slides = i >= SHAPE_AXES - rank, plain = draw(0, 2) > 0;
            c.in.d[i] = slides ? draw(1, most) : 1;
            c.kernel[i] = slides ? draw(1, rank == 3 ? 4 : 7) : 1;
            c.stride[i] = slides && !plain ? draw(1, 3) : 1;
            c.dilation[i] = slides && !plain ? draw(1, 3) : 1;
            c.pad_before[i] = slides ? draw(0, plain ? c.kernel[i] / 2 : 4) : 0;
            c.pad_after[i] = slides ? draw(0, plain ? c.kernel[i] / 2 : 4) : 0;
        }
    } while (!window_place(&c, c.groups * (each ? 1 : draw(1, many)), rank));
    c.transposed = draw(0, 1);
    for (int i = 0; i < SHAPE_AXES && c.transposed; i++) /* the source goes on behind the last window */
        if (c.out.d[i] > 1 && c.dilation[i] > 1) c.out.d[i] -= draw(0, 1);
    return c;
}

/* One random window at N = 1, another small N, and one that does not fill its vectors. */
static void check_window(struct window c)
{
    static const int64_t small[] = {2, 3, 4, 5, 6, 7}, large[] = {12, 16, 20};
    struct sample_case base = {.c = c, .in = shape_features(c.in), .out = shape_features(c.out), .w = NULL};
    base.weights = c.out.c * c.in.c / c.groups * window_taps(&c);
    base.w = row_of(base.weights, 1), base.bias = row_of(c.out.c, 2), base.in_bias = row_of(c.in.c, 5);
    base.x = row_of(base.in * SAMPLES, 3), base.dy = row_of(base.out * SAMPLES, 4);
    compute(&base);
    check_definition(&base, true);
    check_samples(&base, 1);
    check_samples(&base, small[draw(0, 5)]);
    check_samples(&base, large[draw(0, 2)]);
    case_free(&base);
    free(base.w), free(base.bias), free(base.in_bias);
}

static void test_random_windows(enum products products, int count)
{
    drawn = 0;
    draws_bf16 = products == PRODUCTS_BF16;
    for (int i = 0; i < count; i++) {
        struct window c = draw_window();
        c.products = products;
        check_window(c);
    }
    draws_bf16 = false;
}

/* Winograd's algorithm is for larger planes, where lanes have any number: also in the pass of 16. */
static void test_small_plane(void)
{
    struct window c = window_even(shape_2d(16, 4, 4), 2, 3, 1, 1);
    CHECK(window_place(&c, 16, 2));
    c.lanes = SAMPLES, c.any_lanes = true;
    for (drawn = 0; drawn < 1000;) check_window(c);
}

/* Rows, or channels, of a depthwise convolution are taken four at a time. */
static void test_depthwise_rows(void)
{
    static const int64_t heights[] = {1, 2, 3, 5, 7};
    drawn = 0;
    for (int i = 0; i < 5; i++)
        for (int64_t width = 1; width <= 5; width += 4) {
            struct window c = window_even(shape_2d(5, heights[i], width), 2, 3, 1, 1);
            CHECK(window_place(&c, 5, 2));
            c.lanes = SAMPLES, c.any_lanes = true, c.groups = 5;
            check_window(c);
        }
}

/* Taps that meet only padding, at both ends of an axis and in different numbers, have gradients of zero. */
static void test_far_taps(void)
{
    struct window c = window_even(shape_2d(20, 4, 6), 2, 5, 1, 0);
    c.dilation[AXIS_H] = c.dilation[AXIS_W] = 3, c.stride[AXIS_W] = 2;
    for (int i = AXIS_H; i <= AXIS_W; i++) c.pad_before[i] = 8, c.pad_after[i] = 4 + i;
    CHECK(window_place(&c, 17, 2));
    for (c.lanes = 1; c.lanes <= SAMPLES; c.lanes += 31) {
        int64_t weights = c.out.c * c.in.c * window_taps(&c);
        struct sample_case k = {
            .c = c, .in = shape_features(c.in), .out = shape_features(c.out), .weights = weights};
        k.w = row_of(weights, 1), k.bias = row_of(c.out.c, 2), k.in_bias = row_of(c.in.c, 5);
        k.x = row_of(k.in * c.lanes, 3), k.dy = row_of(k.out * c.lanes, 4);
        compute(&k);
        for (int64_t w = 0; w < weights; w++) check_weight(&k, w);
        case_free(&k);
        free(k.w), free(k.bias), free(k.in_bias);
    }
}

/* One tap is left of each window: its weights are copied, where there are enough samples. */
static void test_near_tap(void)
{
    struct window c = window_even(shape_2d(20, 5, 6), 2, 3, 1, 6);
    c.dilation[AXIS_H] = c.dilation[AXIS_W] = 6;
    CHECK(window_place(&c, 17, 2));
    c.lanes = SAMPLES, c.any_lanes = true;
    for (drawn = 0; drawn < 1000;) check_window(c);
}

int main(int argc, char **argv)
{
    const char *asked = getenv("WINDOWS");
    int windows = asked ? atoi(asked) : WINDOWS;
    check_begin(argc, argv);
    blas_start();
    for (int i = 0; i < LEVEL_NAMES; i++)
        if (select_kernels(level_names[i]) == STATUS_OK) {
            CHECK_CASE_OF(level_names[i], test_random_windows(PRODUCTS_AUTO, windows));
            CHECK_CASE(test_small_plane());
            CHECK_CASE(test_depthwise_rows());
            CHECK_CASE(test_far_taps());
            CHECK_CASE(test_near_tap());
            if (kernels_have_bf16(kernels))
                CHECK_CASE_OF("bf16", test_random_windows(PRODUCTS_BF16, windows));
        }
    CHECK_CASE_OF("blas", test_random_windows(PRODUCTS_BLAS, windows));
    CHECK(mem_alive() == 0);
    return check_result();
}
