/* test_bf16.c - products of bfloat16 (train.precision: bf16): what inputs are rounded to, and the bits of sums.
 *
 * Convolutions of one position stand for linear layers. test_conv_samples.c has windows of all kinds. */
#include "kernels.h"
#include "vectors.h"

#define LOWEST 0x1p-126f /* the smallest normal number */

static uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The nearest number whose lower 16 bits are zeros, the even one of two, by comparing both. */
static float rounded(float x)
{
    if (isnan(x) || isinf(x)) return x;
    if (fabsf(x) < LOWEST) return 0;
    uint32_t down = bits_of(x) & 0xffff0000u, up = down + 0x10000u;
    double step = isinf(float_of(up)) ? 0x1p120 : fabs((double)float_of(up) - float_of(down));
    double beyond = fabs((double)x - float_of(down));
    if (2 * beyond == step) return float_of(down & 0x10000u ? up : down);
    return float_of(2 * beyond > step ? up : down);
}

static struct window one_position(int64_t in, int64_t out, int64_t lanes)
{
    struct window w = window_even(shape_flat(in), 0, 1, 1, 0);
    CHECK(window_place(&w, out, 1));
    w.lanes = lanes, w.products = PRODUCTS_BF16;
    return w;
}

/* The three products of a convolution, with scratch of exactly the size that is asked for. */
struct products_of {
    struct window w;
    float *weight, *bias, *x, *dy, *y, *dx, *dw;
};

static int64_t weights_of(const struct window *w)
{
    return w->out.c * w->in.c * window_taps(w);
}

static struct products_of make(const struct window *w)
{
    int64_t in = shape_features(w->in) * w->lanes, out = shape_features(w->out) * w->lanes;
    return (struct products_of){.w = *w,
                                .weight = vector(weights_of(w), 1),
                                .bias = vector(w->out.c, 2),
                                .x = vector(in, 3),
                                .dy = vector(out, 4),
                                .y = vector(out, 0),
                                .dx = vector(in, 0),
                                .dw = vector(weights_of(w), 0)};
}

static void compute(struct products_of *p)
{
    float *scratch = vector(kernels->conv_scratch_floats(&p->w), 0);
    kernels->conv_forward(&p->w, p->weight, p->x, &(struct finish){.bias = p->bias}, p->y, scratch);
    kernels->conv_backward_data(&p->w, p->weight, p->dy, &(struct finish){0}, p->dx, scratch);
    kernels->conv_backward_weight(&p->w, p->x, p->dy, p->dw, scratch);
    mem_free(&scratch);
}

static void drop(struct products_of *p)
{
    mem_free(&p->weight), mem_free(&p->bias), mem_free(&p->x), mem_free(&p->dy);
    mem_free(&p->y), mem_free(&p->dx), mem_free(&p->dw);
}

/* Every upper half, with lower halves at and beside all ties, as weights that meet a single 1. */
static void test_rounding(void)
{
    static const uint32_t lower[] = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff};
    struct window w = one_position(1, 6 << 16, 16);
    struct products_of p = make(&w);
    for (int64_t i = 0; i < 6 << 16; i++) p.weight[i] = float_of((uint32_t)i / 6 << 16 | lower[i % 6]);
    for (int64_t i = 0; i < 16; i++) p.x[i] = 1;
    memset(p.bias, 0, (6 << 16) * sizeof(float));
    compute(&p);
    int wrong = 0;
    for (int64_t i = 0; i < 6 << 16; i++) {
        float want = rounded(p.weight[i]), got = p.y[i * 16 + 5];
        wrong += isnan(want) ? !isnan(got) : got != want;
    }
    CHECK(wrong == 0);
    drop(&p);
}

/* The products of subnormal size, and subnormal biases, count as zeros; the caller's arithmetic is as it was. */
static void test_subnormals(void)
{
    struct window w = one_position(2, 3, 16);
    struct products_of p = make(&w);
    for (int i = 0; i < 6; i++) p.weight[i] = i < 2 ? 0x1p-70f : 0x1p-60f;
    for (int i = 0; i < 32; i++) p.x[i] = 0x1p-66f;
    p.bias[0] = 0, p.bias[1] = 0, p.bias[2] = 0x1p-130f;
    compute(&p);
    CHECK(p.y[0] == 0);
    CHECK(p.y[16] == 0x1p-125f && p.y[32] == 0x1p-125f);
    volatile float half = 0x1p-126f;
    half *= 0.5f;
    CHECK(half > 0);
    drop(&p);
}

static float flushed(float x)
{
    return fabsf(x) < LOWEST ? 0 : x;
}

/* One word of a sum, as vdpbf16ps is specified. */
static float add_pair(float sum, float a0, float b0, float a1, float b1)
{
    sum = flushed(fmaf(rounded(a1), rounded(b1), sum));
    return flushed(fmaf(rounded(a0), rounded(b0), sum));
}

/* The sum over `count` elements of a and b, which are `a_step` and `b_step` apart, from `sum` on. */
static float chain(float sum, int64_t count, const float *a, int64_t a_step, const float *b, int64_t b_step)
{
    for (int64_t k = 0; k < count; k += 2) {
        bool both = k + 1 < count;
        sum = add_pair(sum, a[k * a_step], b[k * b_step], both ? a[(k + 1) * a_step] : 0,
                       both ? b[(k + 1) * b_step] : 0);
    }
    return sum;
}

/* All three products of a linear layer, bit by bit. The weight gradient is one chain over up to 128 samples. */
static void check_linear(int64_t in, int64_t out, int64_t n)
{
    struct window w = one_position(in, out, n);
    struct products_of p = make(&w);
    compute(&p);
    for (int64_t o = 0; o < out; o++)
        for (int64_t i = 0; i < n; i++)
            CHECK(p.y[o * n + i] == chain(p.bias[o], in, p.weight + o * in, 1, p.x + i, n));
    for (int64_t i = 0; i < in; i++)
        for (int64_t k = 0; k < n; k++)
            CHECK(p.dx[i * n + k] == chain(0, out, p.weight + i, in, p.dy + k, n));
    for (int64_t o = 0; o < out && out >= 16 && in >= 64; o++)
        for (int64_t i = 0; i < in; i++)
            CHECK(p.dw[o * in + i] == chain(0, n, p.dy + o * n, 1, p.x + i * n, 1));
    drop(&p);
}

static void test_linear(void)
{
    static const int64_t sizes[][2] = {{1, 1}, {2, 3}, {5, 12}, {64, 16}, {67, 19}, {130, 70}},
                         samples[] = {1, 2, 3, 7, 16, 33, 64};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (size_t n = 0; n < sizeof samples / sizeof samples[0]; n++)
            check_linear(sizes[s][0], sizes[s][1], samples[n]);
}

/* More channels than a panel has, so that sums wait in the result. */
static void test_long_sums(void)
{
    check_linear(6001, 3, 5);
    check_linear(4, 6001, 16);
}

/* Sums over channels in pairs, and over the taps of each: signals, whose outputs at both ends see padding. */
static void check_signals(int64_t in, int64_t kernel, int64_t stride, int64_t n)
{
    struct window w = window_even(shape_2d(in, 1, 21), 1, kernel, stride, kernel / 2);
    CHECK(window_place(&w, 5, 1));
    w.lanes = n, w.products = PRODUCTS_BF16;
    struct products_of p = make(&w);
    compute(&p);
    for (int64_t o = 0; o < 5; o++)
        for (int64_t at = 0; at < w.out.d[AXIS_W]; at++) {
            float sum = p.bias[o];
            for (int64_t c = 0; c < in; c += 2)
                for (int64_t k = 0; k < kernel; k++) {
                    int64_t from = at * stride + k - kernel / 2, tap = (o * in + c) * kernel + k;
                    if (from < 0 || from >= 21) continue;
                    const float *x = p.x + (c * 21 + from) * n;
                    bool both = c + 1 < in;
                    sum = add_pair(sum, p.weight[tap], *x, both ? p.weight[tap + kernel] : 0,
                                   both ? x[21 * n] : 0);
                }
            CHECK(p.y[(o * w.out.d[AXIS_W] + at) * n] == sum);
        }
    drop(&p);
}

static void test_signals(void)
{
    for (int64_t n = 1; n <= 32; n = n == 3 ? 16 : 2 * n + (n == 1))
        for (int64_t stride = 1; stride <= 2; stride++) {
            check_signals(1, 3, stride, n);
            check_signals(7, 5, stride, n);
            check_signals(12, 1, stride, n);
        }
}

/* A pass of several virtual ranks has the bits of a pass of each, whose weight gradients are added. */
static void test_leaves(void)
{
    struct window w = window_even(shape_2d(20, 4, 5), 2, 2, 1, 1);
    CHECK(window_place(&w, 33, 2));
    w.lanes = 32, w.leaves = 2, w.products = PRODUCTS_BF16;
    struct products_of both = make(&w), one;
    compute(&both);
    float *sums = vector(weights_of(&w), 0);
    w.lanes = 16, w.leaves = 1;
    for (int leaf = 0; leaf < 2; leaf++) {
        int64_t in = shape_features(w.in), out = shape_features(w.out);
        one = make(&w);
        for (int64_t i = 0; i < in * 16; i++) one.x[i] = both.x[i / 16 * 32 + leaf * 16 + i % 16];
        for (int64_t i = 0; i < out * 16; i++) one.dy[i] = both.dy[i / 16 * 32 + leaf * 16 + i % 16];
        compute(&one);
        for (int64_t i = 0; i < in * 16; i++) CHECK(one.dx[i] == both.dx[i / 16 * 32 + leaf * 16 + i % 16]);
        for (int64_t i = 0; i < out * 16; i++) CHECK(one.y[i] == both.y[i / 16 * 32 + leaf * 16 + i % 16]);
        for (int64_t i = 0; i < weights_of(&w); i++) sums[i] += one.dw[i];
        drop(&one);
    }
    CHECK(same(sums, both.dw, weights_of(&w)));
    mem_free(&sums);
    drop(&both);
}

/* Each input is wrong by 2^-9 of itself at most, so a product by little more than 2^-8. */
static void test_error(void)
{
    struct window w = one_position(300, 20, 16);
    struct products_of p = make(&w);
    compute(&p);
    double most = 0;
    for (int64_t o = 0; o < 20; o++) {
        double sum = p.bias[o], size = fabs(sum);
        for (int64_t i = 0; i < 300; i++) {
            double term = (double)p.weight[o * 300 + i] * p.x[i * 16];
            sum += term, size += fabs(term);
        }
        CHECK_NEAR(p.y[o * 16], sum, size * (0x1p-8 + 0x1p-18 + 302 * FLOAT_EPSILON));
        most = fmax(most, fabs(p.y[o * 16] - sum));
    }
    CHECK(most > 1e-5); /* float32 would not have it */
    drop(&p);
}

/* Winograd's algorithm and depthwise convolutions are those of float32. */
static void test_float32_ways(void)
{
    for (int depthwise = 0; depthwise < 2; depthwise++) {
        struct window w = window_even(shape_2d(16, 8, 8), 2, 3, 1, 1);
        CHECK(window_place(&w, 16, 2));
        if (depthwise) w.groups = 16;
        w.products = PRODUCTS_BF16;
        struct products_of half = make(&w);
        w.products = PRODUCTS_AUTO;
        struct products_of whole = make(&w);
        compute(&half), compute(&whole);
        CHECK(same(half.y, whole.y, 16 * 64 * 16) && same(half.dx, whole.dx, 16 * 64 * 16));
        CHECK(same(half.dw, whole.dw, 16 * (depthwise ? 1 : 16) * 9));
        drop(&half), drop(&whole);
    }
}

static void test_refusals(void)
{
    const struct kernels *found;
    for (int i = 0; i < LEVEL_NAMES; i++) {
        if (select_kernels(level_names[i]) != STATUS_OK) continue;
        CHECK_STATUS(kernels_start(&found, level_names[i], PRODUCTS_BF16),
                     kernels_have_bf16(kernels) ? STATUS_OK : STATUS_CONFIG);
        if (!kernels_have_bf16(kernels))
            CHECK(says("train.precision: bf16 takes the level v3 or v4 (run.isa)"));
    }
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    for (int i = 0; i < LEVEL_NAMES; i++) {
        if (select_kernels(level_names[i]) != STATUS_OK || !kernels_have_bf16(kernels)) continue;
        if (!kernels_hasten_bf16(kernels))
            printf("%s: computed without vdpbf16ps, which this CPU or level does not have\n", kernels->level);
        CHECK_CASE_OF(level_names[i], test_rounding());
        CHECK_CASE_OF(level_names[i], test_subnormals());
        CHECK_CASE_OF(level_names[i], test_linear());
        CHECK_CASE_OF(level_names[i], test_long_sums());
        CHECK_CASE_OF(level_names[i], test_signals());
        CHECK_CASE_OF(level_names[i], test_leaves());
        CHECK_CASE_OF(level_names[i], test_error());
        CHECK_CASE_OF(level_names[i], test_float32_ways());
    }
    CHECK_CASE(test_refusals());
    CHECK(mem_alive() == 0);
    return check_result();
}
