/* test_demo.c - the demo set is balanced, and the same bytes on every machine, in memory and in a file. */
#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/demo/demo.h"
#include "io/hash.h"
#include "core/mem.h"
#include "data/source/source.h"

static uint8_t images[1000 * DEMO_PIXELS], again[1000 * DEMO_PIXELS];
static int32_t labels[1000], labels_again[1000];

/* The fingerprints of 1000 samples as drawn by builds with -O0 and with -O3 -march=native -ffp-contract=fast.
 */
static void test_same_everywhere(void)
{
    static const uint64_t expected[] = {0xCD4C956C6DA4C7CA, 0x7D20CD7ADDDFD6DA};
    for (int split = DEMO_TRAIN; split <= DEMO_TEST; split++) {
        struct hash h;
        demo_draw(split, 0, 1000, images, labels);
        hash_begin(&h);
        hash_add(&h, images, sizeof images);
        for (int i = 0; i < 1000; i++) hash_add(&h, (uint8_t[]){(uint8_t)labels[i]}, 1);
        CHECK(hash_end(&h) == expected[split]);
        if (hash_end(&h) != expected[split]) fprintf(stderr, "0x%016llX\n", (unsigned long long)hash_end(&h));
    }
}

static void test_balanced(void)
{
    int counts[2][DEMO_CLASSES] = {{0}}, in_a_row = 0;
    for (int split = DEMO_TRAIN; split <= DEMO_TEST; split++)
        for (int64_t first = 0; first < demo_samples(split); first += 1000) {
            if (first > 0 && split == DEMO_TRAIN) break; /* a thousand are enough to see the mixing */
            demo_draw(split, first, 1000, images, labels);
            for (int i = 0; i < 1000; i++) counts[split][labels[i]]++;
            for (int i = 1; i < 1000; i++) in_a_row += labels[i] == labels[i - 1];
        }
    for (int k = 0; k < DEMO_CLASSES; k++) CHECK(counts[DEMO_TEST][k] == 1000);
    for (int k = 0; k < DEMO_CLASSES; k++) CHECK(counts[DEMO_TRAIN][k] > 60 && counts[DEMO_TRAIN][k] < 140);
    CHECK(in_a_row > 900 && in_a_row < 1300);
}

/* A sample depends on its number only, not on where a read starts; a file holds the same samples. */
static void check_read(const char *locator, int split, int64_t first)
{
    struct source *s;
    CHECK_STATUS(source_open(&s, locator, &(struct source_options){.y = ""}), STATUS_OK);
    const struct source_info *info = source_info(s);
    CHECK(info->samples == demo_samples(split) && info->type == FEATURE_U8 && info->class_count == 10);
    CHECK(info->shape.c == 1 && info->shape.d[AXIS_H] == 28 && info->shape.d[AXIS_W] == 28);
    CHECK(strcmp(info->class_names[7], "7") == 0);
    CHECK_STATUS(source_read(s, first, 37, &(struct source_rows){.features = again, .labels = labels_again}),
                 STATUS_OK);
    demo_draw(split, first - 5, 100, images, labels);
    CHECK(memcmp(again, images + 5 * DEMO_PIXELS, 37 * DEMO_PIXELS) == 0);
    CHECK(memcmp(labels_again, labels + 5, 37 * sizeof *labels) == 0);
    source_close(&s);
}

static void test_write(void)
{
    char folder[] = "/tmp/test_demo.XXXXXX", path[64], train[80], test[80];
    if (!mkdtemp(folder)) return;
    snprintf(path, sizeof path, "%s/demo.h5", folder);
    snprintf(train, sizeof train, "%s:train", path);
    snprintf(test, sizeof test, "%s:/test", path);
    CHECK_STATUS(demo_write(path, false), STATUS_OK);
    CHECK_STATUS(demo_write(path, false), STATUS_CONFIG);
    CHECK_STATUS(demo_write(path, true), STATUS_OK);
    check_read(train, DEMO_TRAIN, 59900);
    check_read(test, DEMO_TEST, 1003);
    unlink(path);
    CHECK(rmdir(folder) == 0);
}

static void test_refusals(void)
{
    struct source *s;
    CHECK_STATUS(source_open(&s, "demo:", &(struct source_options){0}), STATUS_DATA);
    CHECK_STATUS(source_open(&s, "demo:val", &(struct source_options){0}), STATUS_DATA);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_same_everywhere());
    CHECK_CASE(test_balanced());
    CHECK_CASE(check_read("demo:train", DEMO_TRAIN, 12345));
    CHECK_CASE(check_read("demo:test", DEMO_TEST, 9900));
    CHECK_CASE(test_refusals());
    CHECK_CASE(test_write());
    CHECK(mem_alive() == 0);
    return check_result();
}
