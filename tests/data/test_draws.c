// ranks: 1 3
/* test_draws.c - samples that are drawn with replacement come as often as their class or their weight says, the same at
 * any number of ranks. */
#include "data/labelled_set.h"

#include "data/order.h"
#include "io/hash.h"

#define EPOCHS 60

static const struct arg with_ignore[] = {
    LOSS_REDUCTION_ARG, {.name = "ignore_index", .kind = ARG_INT, .min = -1e9, .max = 1e9}, ARG_END};

/* Counts how often samples of each kind are drawn; all ranks draw alike. */
static void count_draws(const struct dataset *d, int64_t (*kind_of)(int64_t sample), int64_t counts[5])
{
    struct hash h;
    hash_begin(&h);
    memset(counts, 0, 5 * sizeof *counts);
    for (uint64_t epoch = 1; epoch <= EPOCHS; epoch++) {
        struct order order = dataset_order(d, 3, epoch, true), again = dataset_order(d, 3, epoch, true);
        CHECK(order_equal(&order, &again));
        for (int64_t i = 0; i < SAMPLES; i++) {
            int64_t sample = order_at(&order, i);
            CHECK(sample >= 0 && sample < SAMPLES);
            hash_add(&h, &sample, sizeof sample);
            counts[kind_of(sample)]++;
        }
    }
    CHECK(comm_find_different(comm, hash_end(&h)) == 0);
}

static double chi_squared(const int64_t counts[5], const double shares[5])
{
    double chi = 0;
    for (int k = 0; k < 5; k++) {
        double expected = shares[k] * EPOCHS * SAMPLES, off = (double)counts[k] - expected;
        if (expected > 0)
            chi += off * off / expected;
        else
            CHECK(counts[k] == 0);
    }
    return chi;
}

static int64_t class_of(int64_t sample)
{
    return sample * 7 % 3;
}

static int64_t is_fifth(int64_t sample)
{
    return sample == 5;
}

static int64_t fifth_of(int64_t sample)
{
    return sample % 5;
}

/* 0.1 % of chi-squared with 1, 2, 3 degrees of freedom is above 10.8, 13.8, 16.3. */
static void test_shares(void)
{
    struct dataset *d;
    int64_t counts[5];
    CHECK_STATUS(load(&d, "single", "", ALL, without, 0, -1), STATUS_OK); /* one of 1300 is class 1 */
    CHECK_STATUS(dataset_draw(d, comm, true), STATUS_OK);
    count_draws(d, is_fifth, counts);
    CHECK(chi_squared(counts, (const double[5]){0.5, 0.5}) < 10.8);
    dataset_destroy(&d);
    CHECK_STATUS(load(&d, "onehot", "w", ALL, without, 0, -1), STATUS_OK);
    CHECK_STATUS(dataset_draw(d, comm, true), STATUS_OK);
    count_draws(d, class_of, counts);
    CHECK(chi_squared(counts, (const double[5]){1. / 3, 1. / 3, 1. / 3}) < 13.8);
    dataset_destroy(&d);
    CHECK_STATUS(load(&d, "y", "w", ALL, without, 0, -1), STATUS_OK);
    CHECK_STATUS(dataset_draw(d, comm, false), STATUS_OK);
    count_draws(d, fifth_of, counts);
    CHECK(chi_squared(counts, (const double[5]){0, 0.1, 0.2, 0.3, 0.4}) < 16.3);
    dataset_destroy(&d);
}

/* What the loss ignores is never drawn by class; of what has but one sample with a weight, that one always. */
static void test_single(void)
{
    struct dataset *d;
    int64_t counts[5];
    CHECK_STATUS(load(&d, "single", "", ALL, with_ignore, 255, -1), STATUS_OK);
    CHECK_STATUS(dataset_draw(d, comm, true), STATUS_OK);
    count_draws(d, is_fifth, counts);
    CHECK(counts[0] == 0);
    dataset_destroy(&d);
    CHECK_STATUS(load(&d, "y", "last", ALL, without, 0, -1), STATUS_OK);
    CHECK_STATUS(dataset_draw(d, comm, false), STATUS_OK);
    struct order order = dataset_order(d, 1, 1, true);
    for (int64_t i = 0; i < SAMPLES; i++) CHECK(order_at(&order, i) == SAMPLES - 1);
    dataset_destroy(&d);
}

/* A part of a split draws from its own samples; another epoch and another seed draw others. */
static void test_parts(void)
{
    struct dataset *d, *rest = NULL;
    CHECK_STATUS(load(&d, "y", "w", ALL, without, 0, -1), STATUS_OK);
    CHECK_STATUS(dataset_split(d, comm, 0.3, 4, &rest), STATUS_OK);
    CHECK_STATUS(dataset_draw(rest, comm, false), STATUS_OK);
    int64_t samples = dataset_info(rest)->samples, same = 0, wrong = 0;
    struct order a = dataset_order(rest, 1, 1, true), b = dataset_order(rest, 1, 2, true),
                 c = dataset_order(rest, 2, 1, true);
    for (int64_t i = 0; i < samples; i++) {
        int64_t at = order_at(&a, i);
        wrong += at < 0 || at >= samples || !(dataset_weights(rest, at)[0] > 0);
        same += at == order_at(&b, i) || at == order_at(&c, i);
    }
    CHECK(wrong == 0 && same < 20);
    dataset_destroy(&rest);
    dataset_destroy(&d);
}

static void test_refusals(void)
{
    struct dataset *d;
    CHECK_STATUS(load(&d, "values", "nothing", ALL, without, 0, -1), STATUS_OK);
    CHECK(dataset_draw(d, comm, true) == STATUS_CONFIG && says("have no class each"));
    dataset_destroy(&d);
    CHECK_STATUS(load(&d, "values", "nothing", ALL, without, 0, -1), STATUS_OK);
    CHECK(dataset_draw(d, comm, false) == STATUS_DATA && says("all weights are 0"));
    dataset_destroy(&d);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    set_begin(&argc, &argv);
    CHECK_CASE(test_shares());
    CHECK_CASE(test_single());
    CHECK_CASE(test_parts());
    CHECK_CASE(test_refusals());
    return set_end();
}
