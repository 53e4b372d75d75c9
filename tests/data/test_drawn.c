/* test_drawn.c - drawn sets: the same bytes on every machine, balanced, without the mean that would tell a
 * linear model the label; strict locators. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "data/drawn/fields.h"
#include "data/drawn/picks.h"
#include "data/drawn/shapes.h"
#include "data/drawn/storms.h"
#include "data/drawn/waves.h"
#include "data/source/source.h"
#include "io/hash.h"
#include "core/mem.h"

/* A set in memory: features and labels as numbers. */
struct set {
    struct source *source;
    const struct source_info *info;
    int64_t size, width;
    char *features;
    float *labels;
};

static struct set set_open(const char *locator)
{
    struct set s = {0};
    CHECK_STATUS(source_open(&s.source, locator, &(struct source_options){0}), STATUS_OK);
    if (!s.source) exit(1);
    s.info = source_info(s.source);
    s.size = shape_features(s.info->shape) * feature_bytes(s.info->type);
    s.width = s.info->label_width > 1 ? s.info->label_width : 1;
    s.features = malloc((size_t)(s.info->samples * s.size));
    s.labels = malloc((size_t)(s.info->samples * s.width) * sizeof(float));
    if (!s.features || !s.labels) exit(1);
    struct source_rows rows = {.features = s.features, .targets = s.labels};
    CHECK_STATUS(source_read(s.source, 0, s.info->samples, &rows), STATUS_OK);
    return s;
}

static void set_close(struct set *s)
{
    source_close(&s->source);
    free(s->features);
    free(s->labels);
}

/* The fingerprint as drawn by builds with -O0 and with -O3 -march=native -ffp-contract=fast. */
static void check_bytes(const char *locator, uint64_t expected)
{
    struct set s = set_open(locator);
    struct hash h;
    hash_begin(&h);
    hash_add(&h, s.features, (size_t)(s.info->samples * s.size));
    hash_add(&h, s.labels, (size_t)(s.info->samples * s.width) * sizeof(float));
    CHECK(hash_end(&h) == expected);
    if (hash_end(&h) != expected)
        fprintf(stderr, "%s 0x%016llX\n", locator, (unsigned long long)hash_end(&h));
    set_close(&s);
}

/* A sample depends on its number alone, whatever else is read or asked for. */
static void check_alone(const char *all, const char *one, int64_t number)
{
    struct set a = set_open(all), b = set_open(one);
    CHECK(b.info->samples == 1);
    CHECK(memcmp(a.features + number * a.size, b.features, (size_t)a.size) == 0);
    CHECK(memcmp(a.labels + number * a.width, b.labels, (size_t)a.width * sizeof(float)) == 0);
    if (a.info->label_integers) {
        int32_t *labels = malloc((size_t)a.width * sizeof *labels);
        if (!labels) exit(1);
        CHECK_STATUS(source_read(a.source, number, 1, &(struct source_rows){.labels = labels}), STATUS_OK);
        for (int64_t i = 0; i < a.width; i++) CHECK((float)labels[i] == a.labels[number * a.width + i]);
        free(labels);
    }
    set_close(&a);
    set_close(&b);
}

static void test_splits_differ(void)
{
    struct set a = set_open("waves:train:128[:1]"), b = set_open("waves:test:128[:1]"),
               last = set_open("waves:train:128[-1:]");
    CHECK(memcmp(a.features, b.features, (size_t)a.size) != 0);
    CHECK(memcmp(last.features, b.features, (size_t)a.size) != 0);
    set_close(&a);
    set_close(&b);
    set_close(&last);
}

/* Ten classes, each about as often, and at every place the mean of a class is the mean of all: its deviation
 * is sqrt(var / count) and not more. */
static void test_waves(void)
{
    struct set s = set_open("waves:train:128[:4000]");
    static double sum[WAVES_CLASSES][3 * 128], squares;
    int64_t counts[WAVES_CLASSES] = {0}, width = 3 * 128;
    const float *x = (const float *)s.features;
    for (int64_t i = 0; i < s.info->samples; i++) {
        int class = (int)s.labels[i];
        counts[class]++;
        for (int64_t f = 0; f < width; f++) sum[class][f] += x[i * width + f];
        for (int64_t f = 0; f < width; f++) squares += x[i * width + f] * x[i * width + f];
    }
    double variance = squares / (double)(s.info->samples * width);
    CHECK(variance > 0.5 && variance < 2);
    for (int k = 0; k < WAVES_CLASSES; k++) {
        CHECK(counts[k] > 320 && counts[k] < 480);
        for (int64_t f = 0; f < width; f++) {
            double mean = sum[k][f] / (double)counts[k];
            CHECK(mean * mean < 25 * variance / (double)counts[k]);
        }
    }
    CHECK(strcmp(s.info->class_names[8], "step up") == 0 && s.info->class_count == WAVES_CLASSES);
    set_close(&s);
}

/* Every channel holds an eighth as many points as cells, whatever the targets are; targets fill [-1, 1]. */
static void test_fields(void)
{
    struct set s = set_open("fields:test:16[:50]");
    const uint8_t *x = (const uint8_t *)s.features;
    double low = 1, high = -1;
    for (int64_t i = 0; i < s.info->samples; i++) {
        for (int c = 0; c < FIELDS_CHANNELS; c++) {
            int64_t points = 0;
            for (int64_t f = 0; f < 16 * 16 * 16; f++) points += x[i * s.size + c * 16 * 16 * 16 + f];
            CHECK(points == 16 * 16 * 16 / 8);
        }
        for (int t = 0; t < FIELDS_TARGETS; t++) {
            double value = s.labels[i * FIELDS_TARGETS + t];
            low = value < low ? value : low;
            high = value > high ? value : high;
        }
    }
    CHECK(low >= -1 && low < -0.9 && high <= 1 && high > 0.9);
    CHECK(s.info->type == FEATURE_U8 && s.info->label_width == FIELDS_TARGETS && !s.info->label_integers);
    set_close(&s);
}

/* Every class is there and its pixels are as bright as the ground on average, so no threshold finds it. */
static void test_shapes(void)
{
    struct set s = set_open("shapes:test:64[:400]");
    const uint8_t *x = (const uint8_t *)s.features;
    double sums[SHAPES_CLASSES] = {0}, counts[SHAPES_CLASSES] = {0};
    for (int64_t i = 0; i < s.info->samples * s.size; i++) {
        int class = (int)s.labels[i];
        sums[class] += x[i];
        counts[class]++;
    }
    for (int k = 0; k < SHAPES_CLASSES; k++) {
        double share = counts[k] / (double)(s.info->samples * s.size), mean = sums[k] / counts[k];
        CHECK(k == 0 ? share > 0.7 && share < 0.95 : share > 0.02 && share < 0.1);
        CHECK(mean > 117 && mean < 133);
    }
    CHECK(s.info->label_rank == 2 && s.info->label_dims[0] == 64 && s.info->label_dims[1] == 64);
    CHECK(s.info->label_integers && s.info->class_count == SHAPES_CLASSES);
    set_close(&s);
}

/* Probabilities sum up to exactly 1 at each instant; each wave has one arrival, the second one later. */
static void test_picks(void)
{
    struct set s = set_open("picks:train:1024[:100]");
    for (int64_t i = 0; i < s.info->samples; i++) {
        const float *labels = s.labels + i * s.width;
        int64_t first = 0, second = 0;
        for (int64_t t = 0; t < 1024; t++) {
            CHECK(labels[t] + labels[1024 + t] + labels[2048 + t] == 1 && labels[t] >= 0);
            if (labels[1024 + t] == 1) first = t;
            if (labels[2048 + t] == 1) second = t;
        }
        CHECK(first > 100 && second > first + 160 && second < 1024);
        CHECK(labels[1024 + first - 20] > 0.6060f && labels[1024 + first - 20] < 0.6070f); /* exp(-1/2) */
    }
    CHECK(s.info->label_rank == 2 && s.info->label_dims[0] == 3 && !s.info->label_integers);
    set_close(&s);
}

static void test_storms(void)
{
    struct set s = set_open("storms:train:96[:60]");
    double counts[STORMS_CLASSES] = {0}, all = (double)(s.info->samples * s.width);
    for (int64_t i = 0; i < s.info->samples * s.width; i++) counts[(int)s.labels[i]]++;
    CHECK(counts[0] / all > 0.8 && counts[1] / all > 0.02 && counts[2] / all > 0.02);
    CHECK(s.info->shape.c == 16 && s.info->shape.d[AXIS_H] == 96 && s.info->shape.d[AXIS_W] == 144);
    CHECK(s.info->label_rank == 2 && s.info->label_dims[1] == 144);
    set_close(&s);
}

static void test_refusals(void)
{
    static const char *const wrong[] = {
        "waves:",           "waves:val",          "waves:train:",    "waves:train:127",
        "waves:train:1022", "waves:train:131072", "waves:trainx",    "waves:test:1e9",
        "fields:train:6",   "fields:train:33",    "fields:tes",      "fields:train:32:1",
        "shapes:train:16",  "shapes:test:1024",   "picks:train:256", "storms:train:97",
        "storms:train:-96"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct source *s;
        CHECK_STATUS(source_open(&s, wrong[i], &(struct source_options){0}), STATUS_DATA);
        CHECK(s == NULL && strstr(status_text(), "is not of the form"));
    }
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(check_bytes("waves:train[:20]", 0x3A25C0D73DF37D8E));
    CHECK_CASE(check_bytes("waves:test:10000[:3]", 0x27D59FFABE78352F));
    CHECK_CASE(check_bytes("fields:train[:3]", 0x4284129C4C00F656));
    CHECK_CASE(check_bytes("fields:test:64[:1]", 0x99E4F3106B0E16BF));
    CHECK_CASE(check_bytes("shapes:train[:5]", 0xBDE59180C9DF3421));
    CHECK_CASE(check_bytes("shapes:test:512[:1]", 0xE1497BAFC5F41A07));
    CHECK_CASE(check_bytes("picks:train[:5]", 0x85B383A93CCC7C88));
    CHECK_CASE(check_bytes("storms:train[:2]", 0x1AA7EBA938C444A0));
    CHECK_CASE(check_bytes("storms:test:384[:1]", 0xED4E909B33203E58));
    CHECK_CASE(check_alone("shapes:train:32[40:50]", "shapes:train:32[45:46]", 5));
    CHECK_CASE(check_alone("picks:test:512[::3]", "picks:test:512[6:7]", 2));
    CHECK_CASE(check_alone("storms:test:32[:4]", "storms:test:32[3:4]", 3));
    CHECK_CASE(check_alone("waves:train:256[100:120]", "waves:train:256[107:108]", 7));
    CHECK_CASE(check_alone("fields:train:8[::7]", "fields:train:8[21:22]", 3));
    CHECK_CASE(test_splits_differ());
    CHECK_CASE(test_waves());
    CHECK_CASE(test_fields());
    CHECK_CASE(test_shapes());
    CHECK_CASE(test_picks());
    CHECK_CASE(test_storms());
    CHECK_CASE(test_refusals());
    CHECK(mem_alive() == 0);
    return check_result();
}
