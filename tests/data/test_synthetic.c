/* test_synthetic.c - the synthetic source: the documented function of a sample's number; strict locators. */
#include "check.h"

#include <string.h>

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

/* The documented word of label number f of a sample. */
static uint32_t label_word(uint64_t sample, int64_t f)
{
    return rng_words(0, RNG_SYNTHETIC, sample, (UINT64_C(1) << 32) + (uint64_t)f / 4).v[f % 4];
}

/* Probabilities [classes][positions] of one sample. */
static void check_probs(uint64_t sample, int64_t classes, int64_t positions, const float *p)
{
    for (int64_t f = 0; f < positions; f++) {
        uint32_t word = label_word(sample, f);
        float sum = 0, rest = (float)(word >> 16 & 255) / 512;
        for (int64_t k = 0; k < classes; k++) sum += p[k * positions + f];
        CHECK(sum == 1);
        if (classes > 1) CHECK(p[word % (uint32_t)classes * (uint32_t)positions + f] == 1 - rest);
    }
}

static void check_labels(const char *locator, bool integers, int rank, const int64_t *dims)
{
    struct source *s;
    CHECK_STATUS(source_open(&s, locator, &(struct source_options){0}), STATUS_OK);
    const struct source_info *info = source_info(s);
    int64_t count = 1, first = info->samples - 2;
    CHECK(info->label_rank == rank && info->label_integers == integers);
    for (int i = 0; i < rank; i++) {
        CHECK(info->label_dims[i] == dims[i]);
        count *= dims[i];
    }
    CHECK(info->label_width == count);
    float targets[2 * 60];
    int32_t labels[2 * 60];
    struct source_rows rows = {.labels = integers ? labels : NULL, .targets = targets};
    CHECK_STATUS(source_read(s, first, 2, &rows), STATUS_OK);
    for (int64_t i = 0; i < 2; i++) {
        uint64_t sample = (uint64_t)(first + i);
        if (strstr(locator, "probs")) check_probs(sample, dims[0], count / dims[0], targets + i * count);
        for (int64_t f = 0; f < count; f++) {
            uint32_t word = label_word(sample, f);
            float found = targets[i * count + f];
            if (integers) CHECK(labels[i * count + f] == (int32_t)(word % 7) && found == (float)(word % 7));
            if (strstr(locator, "real")) CHECK(found == 2 * rng_unit(word) - 1);
            if (strstr(locator, "bits")) CHECK(found == (float)(word >> 31));
        }
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
                                        "synthetic: 1x2x2:3:4",
                                        "synthetic:4:bits@:5",
                                        "synthetic:4:bits:5",
                                        "synthetic:4:real@3x0:5",
                                        "synthetic:4:real@3x3x3x3x3:5",
                                        "synthetic:4:3@2x2x2x2:5",
                                        "synthetic:4:3@:5",
                                        "synthetic:4:@3:5",
                                        "synthetic:4:probs@3x:5",
                                        "synthetic:4:fewer@3:5"};
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
    CHECK_CASE(check_labels("synthetic:6:7@5x11:9", true, 2, (int64_t[]){5, 11}));
    CHECK_CASE(check_labels("synthetic:6:7@13:2", true, 1, (int64_t[]){13}));
    CHECK_CASE(check_labels("synthetic:6:real@4:3", false, 1, (int64_t[]){4}));
    CHECK_CASE(check_labels("synthetic:2x3x3:real@2x3x3:3", false, 3, (int64_t[]){2, 3, 3}));
    CHECK_CASE(check_labels("synthetic:2x3x3x3:bits@2x3x3x3:3", false, 4, (int64_t[]){2, 3, 3, 3}));
    CHECK_CASE(check_labels("synthetic:2x9:probs@3x9:3", false, 2, (int64_t[]){3, 9}));
    CHECK_CASE(check_labels("synthetic:2x9:probs@1x9:3", false, 2, (int64_t[]){1, 9}));
    CHECK_CASE(check_labels("synthetic:2:probs@5:3", false, 1, (int64_t[]){5}));
    CHECK_CASE(test_refusals());
    CHECK(mem_alive() == 0);
    return check_result();
}
