/* test_synthetic.c - the synthetic source: the documented function of a sample's number; strict locators. */
#include "check.h"

#include "core/mem.h"
#include "core/rng.h"
#include "data/source/source.h"

static void check_shape(const char *locator, struct shape shape, uint32_t classes, int64_t samples)
{
    struct source *s;
    CHECK_STATUS(source_open(&s, locator, &(struct source_options){0}), STATUS_OK);
    const struct source_info *info = source_info(s);
    CHECK(shape_equal(info->shape, shape));
    CHECK(info->samples == samples && info->type == FEATURE_F32 && info->class_count == 0);
    float x[3 * 105];
    int32_t labels[3];
    int64_t size = shape_features(shape), first = samples - 3;
    CHECK_STATUS(source_read(s, first, 3, &(struct source_rows){.features = x, .labels = labels}), STATUS_OK);
    for (int64_t i = 0; i < 3; i++) {
        uint64_t sample = (uint64_t)(first + i);
        for (int64_t f = 0; f < size; f++) {
            uint32_t word = rng_words(0, RNG_SYNTHETIC, sample, (uint64_t)f / 4).v[f % 4];
            CHECK(x[i * size + f] == 2 * rng_unit(word) - 1);
        }
        CHECK((uint32_t)labels[i] == rng_words(0, RNG_SYNTHETIC, sample, UINT64_C(1) << 32).v[0] % classes);
    }
    source_close(&s);
}

static void test_refusals(void)
{
    static const char *const wrong[] = {"synthetic:",
                                        "synthetic:1x28:10",
                                        "synthetic:1x2x3x4x5:10:5",
                                        "synthetic:1x:10:5",
                                        "synthetic:1x28x28:10",
                                        "synthetic:1x28x28:10:0",
                                        "synthetic:0x2x2:3:4",
                                        "synthetic:1x28x28:10:5x",
                                        "synthetic:-1x2x2:3:4",
                                        "synthetic:1x2x2:3:99999999999999999999",
                                        "synthetic:99999x99999x99999:2:2",
                                        "synthetic: 1x2x2:3:4"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct source *s;
        CHECK_STATUS(source_open(&s, wrong[i], &(struct source_options){0}), STATUS_DATA);
        CHECK(s == NULL);
    }
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(check_shape("synthetic:1x1x1:2:3", shape_flat(1), 2, 3));
    CHECK_CASE(check_shape("synthetic:3x5x7:10:1000", shape_2d(3, 5, 7), 10, 1000));
    CHECK_CASE(check_shape("synthetic:13x1x1:1:17", shape_flat(13), 1, 17));
    CHECK_CASE(check_shape("synthetic:6:3:9", shape_flat(6), 3, 9));
    CHECK_CASE(check_shape("synthetic:2x9:3:10", shape_of(2, 1, (int64_t[]){9}), 3, 10));
    CHECK_CASE(check_shape("synthetic:2x3x4x3:3:10", shape_of(2, 3, (int64_t[]){3, 4, 3}), 3, 10));
    CHECK_CASE(test_refusals());
    CHECK(mem_alive() == 0);
    return check_result();
}
