/* Every kernel against a plain loop in double, over awkward shapes, and every level with fused multiply-add
 * against the others bit by bit. */
#include <string.h>

#include "check.h"
#include "ddp/kernels.h"
#include "ddp/mem.h"
#include "ddp/rng.h"

#define FLOAT_EPSILON 5.96e-8

static float *vector(int64_t count, uint64_t stream)
{
    float *v;
    CHECK_STATUS(mem_alloc(&v, (size_t)count + 16, sizeof *v, "test"), STATUS_OK);
    for (int64_t i = 0; stream && i < count; i++)
        v[i] = 2 * rng_unit(rng_words(1, RNG_SYNTHETIC, stream, (uint64_t)i).v[0]) - 1;
    return v;
}

static int same(const float *a, const float *b, int64_t count)
{
    return memcmp(a, b, (size_t)count * sizeof *a) == 0;
}

/* Element (c, y, x, n) of an activation, 0 outside. */
static double at(const float *a, struct shape s, int64_t lanes, int64_t c, int64_t y, int64_t x, int64_t n)
{
    if (y < 0 || x < 0 || y >= s.h || x >= s.w) return 0;
    return a[((c * s.h + y) * s.w + x) * lanes + n];
}

struct conv_case {
    struct window c;
    int64_t weights, in, out;
    float *x, *w, *bias, *dy, *scratch;
};

static void check_forward(const struct conv_case *k, const float *y)
{
    const struct window *c = &k->c;
    for (int64_t oc = 0; oc < c->out.c; oc++)
        for (int64_t oy = 0; oy < c->out.h; oy++)
            for (int64_t ox = 0; ox < c->out.w; ox++)
                for (int64_t n = 0; n < c->lanes; n += 5) {
                    double sum = k->bias[oc], size = fabs(sum);
                    const float *w = k->w + oc * c->in.c * c->kernel * c->kernel;
                    for (int64_t ic = 0; ic < c->in.c; ic++)
                        for (int64_t ky = 0; ky < c->kernel; ky++)
                            for (int64_t kx = 0; kx < c->kernel; kx++, w++) {
                                double term =
                                    *w * at(k->x, c->in, c->lanes, ic, oy * c->stride - c->padding + ky,
                                            ox * c->stride - c->padding + kx, n);
                                sum += term, size += fabs(term);
                            }
                    CHECK_NEAR(at(y, c->out, c->lanes, oc, oy, ox, n), sum,
                               FLOAT_EPSILON * size * (double)(c->in.c * c->kernel * c->kernel + 2));
                }
}

/* <dy, conv(x)> = <conv_backward_data(dy), x> = <conv_backward_weight(x, dy), w>, the defining law of a
 * transpose. */
static void check_transposes(const struct conv_case *k, const float *dx, const float *dw)
{
    const struct window *c = &k->c;
    float *y = vector(k->out, 0);
    kernels->conv_forward(c, k->w, NULL, k->x, y, k->scratch);
    double forward = 0, data = 0, weight = 0, size = 0;
    for (int64_t i = 0; i < k->out; i++)
        forward += (double)k->dy[i] * (double)y[i], size += fabs((double)k->dy[i] * y[i]);
    for (int64_t i = 0; i < k->in; i++) data += (double)dx[i] * (double)k->x[i];
    for (int64_t i = 0; i < k->weights; i++) weight += (double)dw[i] * (double)k->w[i];
    double bound = FLOAT_EPSILON * size * 64;
    CHECK_NEAR(data, forward, bound);
    CHECK_NEAR(weight, forward, bound);
    mem_free(&y);
}

static void check_conv(struct shape in, int64_t out, int64_t kernel, int64_t stride, int64_t padding,
                       int64_t lanes)
{
    struct conv_case k = {
        .c = {.in = in, .kernel = kernel, .stride = stride, .padding = padding, .lanes = lanes, .leaves = 1}};
    struct window *c = &k.c;
    c->out = (struct shape){out, (in.h + 2 * padding - kernel) / stride + 1,
                            (in.w + 2 * padding - kernel) / stride + 1};
    k.weights = out * in.c * kernel * kernel;
    k.in = shape_features(in) * lanes;
    k.out = shape_features(c->out) * lanes;
    k.x = vector(k.in, 1), k.w = vector(k.weights, 2), k.bias = vector(out, 3), k.dy = vector(k.out, 4);
    float *first[3] = {0};
    static const char *const levels[] = {"v4", "v3", "v2", "base"};
    for (int i = 0; i < 4; i++) {
        if (kernels_select(levels[i]) != STATUS_OK) continue;
        float *scratch = vector(kernels->conv_scratch_floats(c), 0);
        float *result[3] = {vector(k.out, 0), vector(k.in, 0), vector(k.weights, 0)};
        k.scratch = scratch;
        kernels->conv_forward(c, k.w, k.bias, k.x, result[0], scratch);
        kernels->conv_backward_data(c, k.w, k.dy, result[1], scratch);
        kernels->conv_backward_weight(c, k.x, k.dy, result[2], scratch);
        check_forward(&k, result[0]);
        check_transposes(&k, result[1], result[2]);
        int64_t counts[3] = {k.out, k.in, k.weights};
        for (int r = 0; r < 3; r++) {
            if (first[r] && strcmp(levels[i], "v2") != 0) CHECK(same(first[r], result[r], counts[r]));
            if (!first[r])
                first[r] = result[r];
            else
                mem_free(&result[r]);
        }
        mem_free(&scratch);
    }
    for (int r = 0; r < 3; r++) mem_free(&first[r]);
    mem_free(&k.x), mem_free(&k.w), mem_free(&k.bias), mem_free(&k.dy);
}

static void test_convolutions(void)
{
    static const int64_t channels[][2] = {{1, 1}, {1, 6}, {6, 12}, {3, 7}, {17, 13}, {20, 32}};
    for (int i = 0; i < 6; i++)
        for (int64_t kernel = 1; kernel <= 5; kernel += 2)
            for (int64_t stride = 1; stride <= 2; stride++)
                for (int64_t padding = 0; padding <= 2; padding += 2)
                    check_conv((struct shape){channels[i][0], 7, 9}, channels[i][1], kernel, stride, padding,
                               i % 2 ? 16 : 48);
    check_conv((struct shape){2, 3, 3}, 3, 3, 1, 0, 16); /* one output */
    check_conv((struct shape){70, 5, 5}, 64, 3, 1, 1, 16);
}

/* Bits of kept elements, the scale, the share that is kept, and the draw itself against rng_words. */
static void test_dropout(void)
{
    struct dropout_draw d = {.seed = 9,
                             .step = 12,
                             .layer = 3,
                             .first_sample = 40,
                             .slice = 16,
                             .features = 1003,
                             .lanes = 32,
                             .leaves = 2,
                             .p = 0.25f};
    int64_t count = d.features * d.lanes, kept = 0;
    float *x = vector(count, 6), *y = vector(count, 0), *dx = vector(count, 0);
    uint16_t *keep;
    CHECK_STATUS(mem_alloc(&keep, (size_t)count / 16, sizeof *keep, "test"), STATUS_OK);
    kernels->dropout_forward(&d, x, y, keep);
    kernels->dropout_backward(&d, keep, x, dx);
    CHECK(same(y, dx, count));
    for (int64_t i = 0; i < count; i++) {
        uint64_t f = (uint64_t)(i / d.lanes), sample = d.first_sample + (uint64_t)(i % d.lanes);
        uint32_t word = rng_words(9, RNG_DROPOUT, 12 << 8 | 3, (f / 4) << 32 | sample).v[f % 4];
        int keeps = word >= 1u << 30;
        kept += keeps;
        if (y[i] != (keeps ? x[i] * (1 / 0.75f) : 0)) {
            CHECK(!"dropout does not follow its draw");
            break;
        }
    }
    CHECK_NEAR((double)kept / (double)count, 0.75, 0.01); /* 4 sigma of 32 000 draws */
    mem_free(&x), mem_free(&y), mem_free(&dx), mem_free(&keep);
}

static void check_gather(int64_t channels, int64_t per_channel, int64_t lanes, int64_t live)
{
    int64_t features = channels * per_channel;
    uint8_t bytes[64][100];
    float floats[64][100], scale[100], shift[100];
    const uint8_t *byte_rows[64];
    const float *float_rows[64];
    for (int64_t i = 0; i < 64; i++) {
        byte_rows[i] = bytes[i], float_rows[i] = floats[i];
        for (int64_t f = 0; f < 100; f++) {
            bytes[i][f] = (uint8_t)rng_words(2, RNG_SYNTHETIC, (uint64_t)i, (uint64_t)f).v[0];
            floats[i][f] = bytes[i][f];
        }
    }
    for (int64_t c = 0; c < channels; c++) scale[c] = 0.5f + (float)c, shift[c] = (float)c - 3;
    struct gather g = {channels, per_channel, lanes, live, lanes, scale, shift};
    float *a = vector(features * lanes, 7), *b = vector(features * lanes, 8); /* must be overwritten */
    kernels->gather_u8(&g, byte_rows, a);
    kernels->gather_f32(&g, float_rows, b);
    CHECK(same(a, b, features * lanes));
    for (int64_t f = 0; f < features; f++)
        for (int64_t n = 0; n < lanes; n++) {
            int64_t c = f / per_channel;
            CHECK_NEAR(a[f * lanes + n], n < live ? (double)bytes[n][f] * scale[c] + shift[c] : 0, 1e-3);
        }
    mem_free(&a), mem_free(&b);
}

static void test_gather(void)
{
    for (int64_t live = 0; live <= 48; live += 7) {
        check_gather(1, 35, 48, live);
        check_gather(3, 32, 48, live);
        check_gather(7, 1, 48, live);
    }
}

static void test_softmax_extremes(void)
{
    float logits[3 * 16] __attribute__((aligned(64))) = {0}, gradient[3 * 16] __attribute__((aligned(64)));
    int32_t labels[16] = {0, 1, 2, 0}, predicted[16];
    double losses[16];
    logits[0] = 1e30f;                  /* lane 0: certain and right */
    logits[1] = 200, logits[17] = -200; /* lane 1: certain and wrong */
    logits[2] = NAN;                    /* lane 2 */
    kernels->softmax(logits, 3, 16, 16, 4, labels, gradient, losses, predicted);
    CHECK(losses[0] == 0 && gradient[0] == 0 && predicted[0] == 0);
    CHECK_NEAR(losses[1], 400, 1e-4);
    CHECK_NEAR(gradient[1], 1, 1e-6);
    CHECK_NEAR(gradient[17], -1, 1e-6);
    CHECK(isnan(losses[2]));
    CHECK_NEAR(losses[3], log(3), 1e-6);
    CHECK(predicted[3] == 0); /* the first of equal maxima */
    for (int i = 4; i < 16; i++) CHECK(gradient[i] == 0);
}

/* The rest of the family on one input, level by level: all outputs one after another in `out`. */
static int64_t run_rest(float *out)
{
    struct window w = {
        .in = {3, 7, 8}, .out = {3, 4, 4}, .kernel = 3, .stride = 2, .padding = 1, .lanes = 32, .leaves = 1};
    int64_t in = shape_features(w.in) * w.lanes, small = shape_features(w.out) * w.lanes, used = 0;
    float *x = vector(in, 11), *dy = vector(small, 12);
    uint8_t *arg;
    uint16_t *keep;
    CHECK_STATUS(mem_alloc(&arg, (size_t)small, 1, "test"), STATUS_OK);
    CHECK_STATUS(mem_alloc(&keep, (size_t)in / 16, sizeof *keep, "test"), STATUS_OK);
    kernels->maxpool_forward(&w, x, out, arg), used += small;
    kernels->maxpool_backward(&w, arg, dy, out + used), used += in;
    kernels->avgpool_forward(&w, x, out + used), used += small;
    kernels->avgpool_backward(&w, dy, out + used), used += in;
    kernels->relu_forward(in, x, out + used), used += in;
    kernels->relu_backward(in, x, x, out + used), used += in;
    kernels->sum_rows(16, in / 16 / 32, 32, 2, x, out + used), used += 16;
    kernels->add(in, x, x + 0, out + used), used += in;
    struct dropout_draw d = {
        .seed = 1, .features = shape_features(w.in), .lanes = 32, .leaves = 1, .p = 0.3f};
    kernels->dropout_forward(&d, x, out + used, keep), used += in;
    int32_t labels[32] = {0}, predicted[32];
    double losses[32];
    kernels->softmax(x, 10, 32, 32, 29, labels, out + used, losses, predicted), used += 320;
    for (int i = 0; i < 29; i++) out[used++] = (float)losses[i];
    mem_free(&x), mem_free(&dy), mem_free(&arg), mem_free(&keep);
    return used;
}

/* v2 has no fused multiply-add and is left out. */
static void test_levels_agree(void)
{
    float *first = vector(65536, 0), *other = vector(65536, 0);
    if (kernels_select("v4") == STATUS_OK && kernels_select("v3") == STATUS_OK) {
        int64_t count = run_rest(first);
        kernels_select("v4");
        CHECK(run_rest(other) == count && count < 65536);
        CHECK(same(first, other, count));
    }
    mem_free(&first), mem_free(&other);
}

int main(void)
{
    CHECK_STATUS(kernels_select("v9"), STATUS_CONFIG);
    CHECK_STATUS(kernels_select("auto"), STATUS_OK);
    test_convolutions();
    test_levels_agree();
    static const char *const levels[] = {"v4", "v3", "v2", "base"};
    for (int i = 0; i < 4; i++) {
        if (kernels_select(levels[i]) != STATUS_OK) continue;
        test_dropout();
        test_gather();
        test_softmax_extremes();
    }
    CHECK(mem_alive() == 0);
    return check_result();
}
