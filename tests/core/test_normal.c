/* test_normal.c - numbers of the normal distribution: values of the inverse distribution function, order,
 * symmetry, moments. */
#include "check.h"
#include "core/rng.h"

/* scipy.special.ndtri((word + 0.5) / 2^32) */
static void test_values(void)
{
    static const struct {
        uint32_t word;
        double value;
    } cases[] = {{0, -6.3379577545537895},
                 {1, -6.166429517819751},
                 {1000, -5.039851125968712},
                 {0x10000000, -1.5341205434059566},
                 {0x13333333, -1.4395314704450153}, /* the ends of the central range */
                 {0x13333334, -1.439531468800213},
                 {0x7fffffff, -2.918099372916623e-10},
                 {0x80000001, 8.754298118749869e-10},
                 {0xc0000000, 0.6744897505624251}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double got = rng_normal(cases[i].word), want = cases[i].value;
        bool good = fabs(got - want) <= 4 * 0x1p-52 * fabs(want);
        CHECK(good);
        if (!good) fprintf(stderr, "  %u: %.17g, not %.17g\n", cases[i].word, got, want);
    }
}

static void test_order(void)
{
    double before = -7;
    for (uint64_t word = 0; word <= UINT32_MAX; word += 65537) {
        double value = rng_normal((uint32_t)word), mirrored = rng_normal(UINT32_MAX - (uint32_t)word);
        CHECK(value > before && value == -mirrored);
        before = value;
    }
    for (uint32_t word = 0x13333000; word < 0x13334000; word++)
        CHECK(rng_normal(word) < rng_normal(word + 1));
}

/* Of 400 000 numbers; the bounds are five standard errors. */
static void test_moments(void)
{
    double sums[5] = {0};
    const int count = 400000;
    for (int i = 0; i < count; i += 4) {
        struct rng_words words = rng_words(3, RNG_INIT, 1, (uint64_t)i);
        for (int w = 0; w < 4; w++)
            for (int power = 1; power <= 4; power++)
                sums[power] += pow(rng_normal(words.v[w]), power) / count;
    }
    double error = 5 / sqrt(count);
    CHECK_NEAR(sums[1], 0, error);
    CHECK_NEAR(sums[2], 1, sqrt(2) * error);
    CHECK_NEAR(sums[3], 0, sqrt(15) * error);
    CHECK_NEAR(sums[4], 3, sqrt(96) * error);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_values());
    CHECK_CASE(test_order());
    CHECK_CASE(test_moments());
    return check_result();
}
