/* test_order.c - the sample order is a bijection, differs between epochs and seeds, and looks random. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "data/order.h"

static void check_bijection(int64_t samples, uint64_t epoch)
{
    struct order o = order_make(7, epoch, samples, true);
    char *seen = calloc((size_t)samples, 1);
    int64_t covered = 0;
    for (int64_t i = 0; i < samples; i++) {
        int64_t at = order_at(&o, i);
        if (at < 0 || at >= samples || seen[at]) continue;
        seen[at] = 1;
        covered++;
    }
    CHECK(covered == samples);
    free(seen);
}

static void test_bijections(void)
{
    for (int64_t samples = 1; samples <= 300; samples++) check_bijection(samples, (uint64_t)samples);
    check_bijection(4096, 1);
    check_bijection(4097, 1);
    check_bijection(59999, 2);
    check_bijection(60000, 3);
}

static void test_identity(void)
{
    struct order o = order_make(1, 1, 1000, false);
    for (int64_t i = 0; i < 1000; i++) CHECK(order_at(&o, i) == i);
}

/* Two orders agree at about one position, as random ones do. */
static int agreements(struct order a, struct order b, int64_t samples)
{
    int same = 0;
    for (int64_t i = 0; i < samples; i++) same += order_at(&a, i) == order_at(&b, i);
    return same;
}

static void test_keys(void)
{
    CHECK(agreements(order_make(1, 1, 5000, true), order_make(1, 1, 5000, true), 5000) == 5000);
    CHECK(agreements(order_make(1, 1, 5000, true), order_make(1, 2, 5000, true), 5000) < 10);
    CHECK(agreements(order_make(1, 1, 5000, true), order_make(2, 1, 5000, true), 5000) < 10);
    CHECK(agreements(order_make(1, 1, 5000, true), order_make(1, 1, 5000, false), 5000) < 10);
}

/* Chi-squared of (position tenth, sample tenth) over 100 cells of expectation 600: 81 degrees of freedom,
 * standard deviation 12.7. */
static void test_spread(void)
{
    int64_t cells[100] = {0}, samples = 60000;
    struct order o = order_make(1, 1, samples, true);
    for (int64_t i = 0; i < samples; i++) cells[i * 10 / samples * 10 + order_at(&o, i) * 10 / samples]++;
    double chi = 0;
    for (int i = 0; i < 100; i++) chi += (double)((cells[i] - 600) * (cells[i] - 600)) / 600;
    CHECK_NEAR(chi, 81, 60);
}

/* Every element reaches every position of a tiny set over many epochs. */
static void test_tiny(void)
{
    int64_t cells[5][5] = {{0}};
    for (uint64_t epoch = 0; epoch < 5000; epoch++) {
        struct order o = order_make(3, epoch, 5, true);
        for (int64_t i = 0; i < 5; i++) cells[i][order_at(&o, i)]++;
    }
    for (int i = 0; i < 25; i++)
        CHECK_NEAR((double)cells[i / 5][i % 5], 1000, 150); /* standard deviation 28 */
}

static void test_huge(void)
{
    struct order o = order_make(1, 1, INT64_C(1) << 40, true);
    for (int64_t i = 0; i < 1000; i++) CHECK(order_at(&o, i) >= 0 && order_at(&o, i) < INT64_C(1) << 40);
}

/* A bijection; every window is made of whole blocks; places of blocks are found again. */
static void check_windows(int64_t samples, int64_t block, int64_t window)
{
    struct order o = order_make_windows(5, 2, samples, true, block, window);
    int64_t *seen = calloc((size_t)samples, sizeof *seen), covered = 0, wrong = 0, last = 0;
    for (int64_t i = 0; i < samples; i++) {
        int64_t at = order_at(&o, i), w = order_window_of(&o, i);
        if (at < 0 || at >= samples) continue;
        covered += seen[at] == 0;
        seen[at] = 1 + w;
        wrong += w < last || w >= order_windows(&o) || order_place_of(&o, at / block) / window != w;
        last = w;
    }
    CHECK(covered == samples);
    for (int64_t i = 0; i < samples; i++) wrong += i % block > 0 && seen[i] != seen[i - 1];
    for (int64_t place = 0; place < order_blocks(&o); place++)
        wrong += order_place_of(&o, order_block_at(&o, place)) != place;
    CHECK(wrong == 0);
    free(seen);
}

static void test_windows(void)
{
    for (int64_t samples = 1; samples <= 60; samples++)
        for (int64_t block = 1; block <= 9; block += 2)
            for (int64_t window = 1; window <= 5; window++) check_windows(samples, block, window);
    check_windows(10007, 64, 8);
    check_windows(10007, 20000, 1);
}

/* Epochs and seeds differ, and so do the windows of an epoch; not shuffled, it is the order of the file. */
static void test_window_keys(void)
{
    struct order a = order_make_windows(1, 1, 5000, true, 10, 50),
                 b = order_make_windows(1, 2, 5000, true, 10, 50),
                 c = order_make_windows(2, 1, 5000, true, 10, 50),
                 d = order_make_windows(1, 1, 5000, false, 10, 50);
    CHECK(agreements(a, b, 5000) < 20 && agreements(a, c, 5000) < 20);
    for (int64_t i = 0; i < 5000; i++) CHECK(order_at(&d, i) == i);
    CHECK(order_equal(&a, &a) && !order_equal(&a, &b) && !order_equal(&a, &c) && !order_equal(&a, &d));
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_bijections());
    CHECK_CASE(test_identity());
    CHECK_CASE(test_keys());
    CHECK_CASE(test_spread());
    CHECK_CASE(test_tiny());
    CHECK_CASE(test_huge());
    CHECK_CASE(test_windows());
    CHECK_CASE(test_window_keys());
    return check_result();
}
