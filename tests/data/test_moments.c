/* test_moments.c - mean and deviation: exact for uint8, accurate for float far from zero, however blocks
 * are cut. */
#include "check.h"

#include <stdlib.h>

#include "data/measure/moments.h"
#include "core/rng.h"

static void *make_features(enum feature_type type, int64_t count, float offset)
{
    void *features = malloc((size_t)count * 4);
    for (int64_t i = 0; i < count; i++) {
        uint32_t word = rng_words(1, RNG_SYNTHETIC, 0, (uint64_t)i).v[0];
        if (type == FEATURE_U8)
            ((uint8_t *)features)[i] = (uint8_t)(word >> 24);
        else
            ((float *)features)[i] = offset + rng_unit(word);
    }
    return features;
}

static double value(enum feature_type type, const void *features, int64_t i)
{
    return type == FEATURE_U8 ? ((const uint8_t *)features)[i] : (double)((const float *)features)[i];
}

static void check_moments(enum feature_type type, struct shape shape, int64_t samples, float offset)
{
    int64_t size = shape_features(shape), plane = shape_positions(shape), blocks = moments_blocks(samples);
    void *features = make_features(type, samples * size, offset);
    double *table = calloc((size_t)(blocks * moments_block_doubles(shape.c)), sizeof *table);
    float *shift = calloc((size_t)shape.c, sizeof *shift), mean[8], std[8];
    for (int64_t c = 0; c < shape.c; c++) shift[c] = (float)value(type, features, c * plane);
    for (int64_t b = 0; b < blocks; b++) {
        int64_t first = b * MOMENTS_BLOCK,
                count = samples - first < MOMENTS_BLOCK ? samples - first : MOMENTS_BLOCK;
        moments_block(type, shape, (char *)features + first * size * feature_bytes(type), count, shift,
                      table + b * moments_block_doubles(shape.c));
    }
    moments_finish(type, shape, samples, shift, table, blocks, mean, std);
    for (int64_t c = 0; c < shape.c; c++) { /* two passes in extended precision */
        long double sum = 0, squares = 0, n = (long double)(samples * plane);
        for (int64_t s = 0; s < samples; s++)
            for (int64_t i = 0; i < plane; i++) sum += value(type, features, s * size + c * plane + i);
        for (int64_t s = 0; s < samples; s++)
            for (int64_t i = 0; i < plane; i++) {
                long double d = value(type, features, s * size + c * plane + i) - sum / n;
                squares += d * d;
            }
        CHECK_NEAR(mean[c], (double)(float)(sum / n),
                   type == FEATURE_U8 ? 0 : 1e-7 * (1 + fabs((double)offset)));
        double expected = squares > 0 ? (double)(float)sqrtl(squares / n) : 1;
        CHECK_NEAR(std[c], expected, type == FEATURE_U8 ? 1e-7 * expected : 1e-6);
    }
    free(features);
    free(table);
    free(shift);
}

static void test_constant(void)
{
    float same[6] = {0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f}, shift = 0.1f, mean, std;
    double block[2];
    moments_block(FEATURE_F32, shape_2d(1, 1, 2), same, 3, &shift, block);
    moments_finish(FEATURE_F32, shape_2d(1, 1, 2), 3, &shift, block, 1, &mean, &std);
    CHECK(mean == 0.1f && std == 1);
    uint8_t bytes[6] = {7, 7, 7, 7, 7, 7};
    moments_block(FEATURE_U8, shape_2d(1, 1, 2), bytes, 3, NULL, block);
    moments_finish(FEATURE_U8, shape_2d(1, 1, 2), 3, NULL, block, 1, &mean, &std);
    CHECK(mean == 7 && std == 1);
    float tiny[6] = {0, 1e-42f, 0, 1e-42f, 0, 1e-42f}; /* 1 / 5e-43 is no float */
    shift = 0;
    moments_block(FEATURE_F32, shape_2d(1, 1, 2), tiny, 3, &shift, block);
    moments_finish(FEATURE_F32, shape_2d(1, 1, 2), 3, &shift, block, 1, &mean, &std);
    CHECK(std == 1);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    static const int64_t samples[] = {1, 2, 511, 512, 513, 1031};
    for (int i = 0; i < 6; i++)
        for (int type = FEATURE_U8; type <= FEATURE_F32; type++) {
            CHECK_CASE(check_moments(type, shape_flat(1), samples[i], 0));
            CHECK_CASE(check_moments(type, shape_2d(3, 5, 7), samples[i], 0));
            CHECK_CASE(check_moments(type, shape_flat(8), samples[i], 1000));
        }
    CHECK(moments_blocks(1) == 1 && moments_blocks(512) == 1 && moments_blocks(513) == 2);
    CHECK_CASE(test_constant());
    return check_result();
}
