/* test_kernels.c - the kernels without a test of their own, against their definitions.
 *
 * Awkward shapes, and every level with fused multiply-add against the others bit by bit. */
#include "core/rng.h"
#include "exact.h"
#include "kernels.h"

/* Bits of kept elements, the scale, the share that is kept, and the draw itself against rng_words. */
static void check_dropout(int64_t features, int64_t together, int64_t lanes, int64_t leaves)
{
    static const int64_t first_samples[] = {40, 1003, 7};
    struct dropout_draw d = {.seed = 9,
                             .step = 12,
                             .layer = 3,
                             .first_samples = first_samples,
                             .features = features,
                             .together = together,
                             .lanes = lanes,
                             .leaves = leaves,
                             .p = 0.25f};
    int64_t count = features * together * lanes, kept = 0;
    float *x = exact_vector(count, 0), *y = exact_vector(count, 0), *dx = exact_vector(count, 0);
    uint16_t *keep = exact_bytes((size_t)(features * lanes + 15) / 16 * sizeof *keep);
    for (int64_t i = 0; i < count; i++) x[i] = (float)(i % 1001) - 500.5f;
    kernels->dropout_forward(&d, x, y, keep);
    kernels->dropout_backward(&d, keep, x, dx);
    CHECK(same(y, dx, count));
    for (int64_t i = 0; i < count; i++) {
        uint64_t f = (uint64_t)(i / d.lanes / together), lane = (uint64_t)(i % d.lanes),
                 width = (uint64_t)(lanes / leaves);
        uint64_t sample = (uint64_t)first_samples[lane / width] + lane % width;
        uint32_t word = rng_words(9, RNG_DROPOUT, 12 << 8 | 3, (f / 4) << 32 | sample).v[f % 4];
        int keeps = word >= 1u << 30;
        kept += keeps;
        if (y[i] != (keeps ? x[i] * (1 / 0.75f) : 0)) {
            CHECK(!"dropout does not follow its draw");
            break;
        }
    }
    /* 5 sigma of the draws, of which `together` elements have one */
    CHECK_NEAR((double)kept / (double)count, 0.75, 5 * sqrt(0.1875 / (double)(features * lanes)));
    kernels->dropout_forward(&d, x, x, keep);
    CHECK(same(x, y, count));
    free(x), free(y), free(dx), free(keep);
}

static void test_dropout(void)
{
    static const int64_t lanes[] = {1, 2, 3, 4, 5, 6, 7, 12, 16, 20, 32, 63, 65, 100};
    static const int64_t together[] = {1, 5, 13};
    for (int t = 0; t < 3; t++) {
        check_dropout(1003, together[t], 96, 3);
        for (size_t n = 0; n < sizeof lanes / sizeof *lanes; n++)
            for (int64_t features = 1; features < 400; features = 3 * features + 1)
                check_dropout(features, together[t], lanes[n], 1);
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
    struct pool w = {.window = window_even(shape_2d(3, 7, 8), 2, 3, 2, 1)};
    CHECK(pool_place(&w, false, 3, 2));
    w.window.lanes = 32;
    int64_t in = shape_features(w.window.in) * 32, small = shape_features(w.window.out) * 32, used = 0;
    struct rows rows = {3, in / 3 / 32, 32, 2};
    float *x = vector(in, 11), *dy = vector(small, 12);
    uint8_t *arg;
    uint16_t *keep;
    CHECK_STATUS(mem_alloc(&arg, (size_t)small, 1, "test"), STATUS_OK);
    CHECK_STATUS(mem_alloc(&keep, (size_t)in / 16, sizeof *keep, "test"), STATUS_OK);
    kernels->maxpool_forward(&w, x, out, arg), used += small;
    kernels->maxpool_backward(&w, arg, dy, out + used), used += in;
    kernels->avgpool_forward(&w, x, out + used), used += small;
    kernels->avgpool_backward(&w, dy, out + used), used += in;
    kernels->affine_forward(&rows, dy, dy + 3, x, out + used), used += in;
    kernels->affine_backward(&rows, dy, x, x, out + used, out + used + in, out + used + in + 3);
    used += in + 16;
    kernels->prelu_forward(&rows, dy, x, out + used), used += in;
    kernels->prelu_backward(&rows, dy, x, x, out + used, out + used + in), used += in + 16;
    kernels->glu_forward(in / 2, x, out + used), used += in / 2;
    kernels->glu_backward(in / 2, x, x, out + used), used += in;
    kernels->relu_forward(in, 0.5f, x, out + used), used += in;
    kernels->relu_backward(in, 0.5f, x, x, out + used), used += in;
    kernels->sum_rows(16, in / 16 / 32, 32, 2, x, out + used), used += 16;
    kernels->add(in, x, x + 0, out + used), used += in;
    static const int64_t first_sample = 5;
    struct dropout_draw d = {.seed = 1,
                             .first_samples = &first_sample,
                             .features = in / 32,
                             .together = 1,
                             .lanes = 32,
                             .leaves = 1,
                             .p = 0.3f};
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
    float *first = vector(131072, 0), *other = vector(131072, 0);
    if (select_kernels("v4") == STATUS_OK && select_kernels("v3") == STATUS_OK) {
        int64_t count = run_rest(first);
        select_kernels("v4");
        CHECK(run_rest(other) == count && count < 131072);
        CHECK(same(first, other, count));
    }
    mem_free(&first), mem_free(&other);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_STATUS(select_kernels("v9"), STATUS_CONFIG);
    CHECK_STATUS(select_kernels("auto"), STATUS_OK);
    CHECK_CASE(test_levels_agree());
    for (int i = 0; i < LEVEL_NAMES; i++) {
        if (select_kernels(level_names[i]) != STATUS_OK) continue;
        CHECK_CASE(test_dropout());
        CHECK_CASE(test_softmax_extremes());
    }
    CHECK(mem_alive() == 0);
    return check_result();
}
