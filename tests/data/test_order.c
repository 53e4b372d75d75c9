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

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_bijections());
    CHECK_CASE(test_identity());
    CHECK_CASE(test_keys());
    CHECK_CASE(test_spread());
    CHECK_CASE(test_tiny());
    CHECK_CASE(test_huge());
    return check_result();
}
