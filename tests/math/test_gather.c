/* test_gather.c - samples on their way into a model: gathering, logarithms and noise, for any number of lanes.
 *
 * A sample has the same bits whatever stands beside it. Arrays are as long as they must be and no longer, for the
 * address sanitizer. */
#include "kernels.h"
#include "vectors.h"

#define SAMPLES  48
#define FEATURES 330

static uint8_t *bytes[SAMPLES]; /* [FEATURES] each */
static float *floats[SAMPLES];  /* the same numbers */

static void make_rows(int64_t features)
{
    for (int64_t i = 0; i < SAMPLES; i++) {
        bytes[i] = malloc((size_t)features), floats[i] = malloc((size_t)features * sizeof **floats);
        for (int64_t f = 0; f < features; f++)
            floats[i][f] = bytes[i][f] = (uint8_t)rng_words(2, RNG_SYNTHETIC, (uint64_t)i, (uint64_t)f).v[0];
    }
}

static void free_rows(void)
{
    for (int64_t i = 0; i < SAMPLES; i++) free(bytes[i]), free(floats[i]);
}

/* Starts at a multiple of 64 bytes and ends at the end of its block; filled with NaN. */
static float *exact(int64_t count)
{
    size_t size = (size_t)count * sizeof(float);
    void *x = NULL;
    CHECK(posix_memalign(&x, 64, size) == 0);
    memset(x, 0xff, size);
    return x;
}

/* Gathers `live` samples into the first `lanes` of rows of `stride`; both types give the same. */
static float *gather(int64_t channels, int64_t per_channel, int64_t lanes, int64_t live, int64_t stride)
{
    float scale[FEATURES], shift[FEATURES];
    int64_t features = channels * per_channel, count = (features - 1) * stride + lanes;
    for (int64_t c = 0; c < channels; c++) scale[c] = 0.3f + 0.01f * (float)c, shift[c] = 0.7f * (float)c - 3;
    struct gather g = {channels, per_channel, lanes, live, 0, stride, scale, shift};
    float *a = exact(count), *b = exact(count);
    kernels->gather_u8(&g, (const uint8_t *const *)bytes, a);
    kernels->gather_f32(&g, (const float *const *)floats, b);
    CHECK(same(a, b, count));
    for (int64_t i = 0; i < count; i++) {
        int64_t f = i / stride, n = i % stride;
        double scaled = n < lanes ? (double)floats[n < live ? n : 0][f] * (double)scale[f / per_channel] : 0,
               added = (double)shift[f / per_channel];
        if (n >= lanes)
            CHECK(isnan(a[i])); /* not written */
        else if (n >= live)
            CHECK(a[i] == 0);
        else /* one rounding, or two */
            CHECK_NEAR(a[i], scaled + added, FLOAT_EPSILON * (fabs(scaled) + fabs(scaled + added)));
    }
    free(b);
    return a;
}

static void check_gather(int64_t channels, int64_t per_channel)
{
    static const int64_t dense[] = {1, 2, 3, 4, 5, 7, 8, 12, 15, 17, 20, 33, 44};
    int64_t features = channels * per_channel;
    make_rows(features);
    float *all = gather(channels, per_channel, SAMPLES, SAMPLES, SAMPLES);
    for (int64_t live = 0; live < SAMPLES; live += 7)
        free(gather(channels, per_channel, SAMPLES, live, SAMPLES + 16)); /* beside another virtual rank */
    free(gather(channels, per_channel, 1, 0, 1));                         /* an empty slice */
    for (size_t i = 0; i < sizeof dense / sizeof *dense; i++)
        for (int64_t stride = dense[i]; stride <= dense[i] + 16; stride += 16) {
            bool equal = true;
            float *x = gather(channels, per_channel, dense[i], dense[i], stride);
            for (int64_t f = 0; f < features; f++)
                equal = equal && same(x + f * stride, all + f * SAMPLES, dense[i]);
            CHECK(equal);
            free(x);
        }
    free(all);
    free_rows();
}

static void test_gather(void)
{
    check_gather(1, 1);
    check_gather(1, 35);
    check_gather(3, 64);
    check_gather(5, 66);
    check_gather(7, 1);
    check_gather(67, 1);
}

/* [features] rows of `lanes`, `stride` apart; NaN between them. */
static float *columns(int64_t features, int64_t lanes, int64_t stride)
{
    float *x = exact((features - 1) * stride + lanes);
    for (int64_t f = 0; f < features; f++)
        for (int64_t n = 0; n < lanes; n++)
            x[f * stride + n] = 3 * rng_unit(rng_words(3, RNG_SYNTHETIC, (uint64_t)n, (uint64_t)f).v[0]) - 1;
    return x;
}

static void add_noise(float *x, int64_t features, int64_t lanes, int64_t stride)
{
    static const int64_t keys[16] = {5,  1 << 20, 7,  3, INT64_C(1) << 40, 6, 8, 9, 10, 11, 12, 13,
                                     14, 15,      16, 17};
    float std[16] __attribute__((aligned(64)));
    for (int i = 0; i < 16; i++) std[i] = i % 3 == 2 ? 0 : 0.5f + (float)i;
    kernels->noise_add(&(struct noise){.seed = 4,
                                       .a = 0xfffffffeu, /* carries */
                                       .keys = keys,
                                       .std = std,
                                       .features = features,
                                       .stride = stride,
                                       .lanes = lanes},
                       x);
}

static void take_logarithms(float *x, int64_t features, int64_t lanes, int64_t stride)
{
    kernels->log1p_rows(features, stride, lanes, x);
}

/* The change of 16 lanes and of fewer is the same, and touches nothing else. */
static void check_lanes(void change(float *x, int64_t features, int64_t lanes, int64_t stride),
                        int64_t features)
{
    float *all = columns(features, 16, 16);
    change(all, features, 16, 16);
    for (int64_t lanes = 1; lanes <= 16; lanes++)
        for (int64_t stride = lanes; stride <= lanes + 4; stride += 4) {
            float *x = columns(features, lanes, stride);
            bool equal = true;
            change(x, features, lanes, stride);
            for (int64_t i = 0; i < (features - 1) * stride + lanes; i++) {
                int64_t f = i / stride, n = i % stride;
                equal = equal && (n < lanes ? same(x + i, all + f * 16 + n, 1) : isnan(x[i]));
            }
            CHECK(equal);
            free(x);
        }
    free(all);
}

static void test_values(void)
{
    static const int64_t features[] = {1, 4, 7, 35};
    for (int i = 0; i < 4; i++) {
        check_lanes(add_noise, features[i]);
        check_lanes(take_logarithms, features[i]);
    }
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    for (int i = 0; i < LEVEL_NAMES; i++) {
        if (select_kernels(level_names[i]) != STATUS_OK) continue;
        CHECK_CASE(test_gather());
        CHECK_CASE(test_values());
    }
    return check_result();
}
