// ranks: 1 2 3
/* test_dataset.c - kinds of labels at any number of ranks; a set cut in two loses and doubles nothing. */
#include <unistd.h>

#include "data/order.h"
#include "data/labelled_set.h"

static const struct arg with_ignore[] = {
    LOSS_REDUCTION_ARG, {.name = "ignore_index", .kind = ARG_INT, .min = -1e9, .max = 1e9}, ARG_END};

static void check_kind(const char *y, enum target_kind kind, int64_t width, column *at)
{
    struct dataset *d;
    CHECK_STATUS(load(&d, y, "w", ALL, without, 0, -1), STATUS_OK);
    CHECK(dataset_kind(d) == kind && dataset_width(d) == width && dataset_info(d)->samples == SAMPLES);
    int64_t wrong = 0;
    for (int64_t i = 0; i < SAMPLES; i++) {
        const float *x = features_of(d, i);
        for (int64_t f = 0; f < SIZE; f++) wrong += x[f] != feature(i, f);
        for (int64_t k = 0; k < width; k++) wrong += dataset_targets(d, i)[k] != (float)at(i, k);
        if (!width) wrong += dataset_classes(d, i)[0] != i * 7 % 3;
        wrong += dataset_weights(d, i)[0] != (float)weight(i, 0) || dataset_number(d, i) != i;
    }
    CHECK(wrong == 0);
    int64_t outputs = width ? width : 3;
    CHECK_STATUS(dataset_check_labels(d, outputs), STATUS_OK);
    CHECK_STATUS(dataset_check_labels(d, outputs - 1), STATUS_DATA);
    CHECK_STATUS(dataset_check_labels(d, outputs + 1), width ? STATUS_DATA : STATUS_OK);
    dataset_destroy(&d);
}

/* Rows in any order, a sample more than once, from both views of a set that was cut in two. */
static void test_take(void)
{
    enum { COUNT = 200 };
    const void *features[COUNT];
    const float *targets[COUNT], *weights[COUNT];
    const int32_t *labels[COUNT];
    int64_t samples[COUNT], wrong = 0;
    struct dataset *d, *rest = NULL;
    const struct dataset_rows rows = {features, labels, targets, weights};
    CHECK_STATUS(load(&d, "values", "w", ALL, without, 0, -1), STATUS_OK);
    CHECK_STATUS(dataset_split(d, comm, 0.3, 4, &rest), STATUS_OK);
    for (int view = 0; view < 2; view++) {
        const struct dataset *from = view ? rest : d;
        for (int64_t i = 0; i < COUNT; i++) samples[i] = i * i * 37 % dataset_info(from)->samples;
        dataset_take(from, samples, COUNT, &rows);
        for (int64_t i = 0; i < COUNT; i++) {
            int64_t number = dataset_number(from, samples[i]);
            const float *x = features[i];
            for (int64_t f = 0; f < SIZE; f++) wrong += x[f] != feature(number, f);
            for (int64_t k = 0; k < 2; k++) wrong += targets[i][k] != (float)values(number, k);
            wrong += weights[i][0] != (float)weight(number, 0);
        }
    }
    CHECK(wrong == 0);
    dataset_destroy(&rest);
    dataset_destroy(&d);
    CHECK_STATUS(load(&d, "y", "", ALL, without, 0, -1), STATUS_OK);
    for (int64_t i = 0; i < COUNT; i++) samples[i] = SAMPLES - 1 - 5 * i;
    dataset_take(d, samples, COUNT, &(struct dataset_rows){.labels = labels});
    for (int64_t i = 0; i < COUNT; i++) wrong += labels[i][0] != samples[i] * 7 % 3;
    CHECK(wrong == 0);
    dataset_destroy(&d);
}

static void check_refused(const char *y, const char *weights, unsigned takes, const struct arg *args,
                          double ignored, int fixed, enum status status, const char *part)
{
    struct dataset *d;
    CHECK(load(&d, y, weights, takes, args, ignored, fixed) == status && says(part));
    dataset_destroy(&d);
}

static void test_refusals(void)
{
    const unsigned index = TARGET_BIT(TARGET_INDEX), labels = TARGET_BIT(TARGET_MULTILABEL);
    check_refused("values", "", TARGET_BIT(TARGET_PROBS) | index, without, 0, -1, STATUS_DATA,
                  "values: labels are float64 (N,2), sample 0 has [0, 1000]: not probabilities");
    check_refused("probs", "", labels, without, 0, -1, STATUS_DATA,
                  "sample 0 has [0, 0.2, 0.8]: not all 0 or 1");
    check_refused("onehot", "", index, without, 0, -1, STATUS_DATA,
                  "onehot: labels are float64 (N,3), but loss some takes");
    check_refused("y", "", index, without, 0, TARGET_VALUES, STATUS_CONFIG,
                  "data.labels is so, but loss some takes class");
    check_refused("ignored", "", index, without, 0, -1, STATUS_DATA, "ignored: sample 9 has label -100");
    check_refused("ignored", "", index, with_ignore, 255, -1, STATUS_DATA, "sample 9 has label -100");
    struct dataset *d;
    CHECK_STATUS(load(&d, "ignored", "", index, with_ignore, -100, -1), STATUS_OK);
    CHECK(dataset_classes(d, 9)[0] == -100);
    CHECK(dataset_check_labels(d, 3) == STATUS_DATA &&
          says("sample 3 has label 255 but the model has 3 outputs; widen its last layer, or set "
               "loss.ignore_index to it if it is not to be counted, or say which number is which class: "
               "data.label_map"));
    CHECK_STATUS(dataset_check_labels(d, 256), STATUS_OK);
    dataset_destroy(&d);
    CHECK_STATUS(load(&d, "void", "", index, with_ignore, 255, -1), STATUS_OK);
    CHECK_STATUS(dataset_check_labels(d, 3), STATUS_OK);
    CHECK_STATUS(dataset_check_labels(d, 2), STATUS_DATA);
    dataset_destroy(&d);
}

/* The rule is broken in samples that different ranks read; the message names the first one, whichever rank
 * finds it. */
static void test_first_culprit(void)
{
    static char odd[80];
    static double labels[SAMPLES];
    snprintf(odd, sizeof odd, "%s.odd", path);
    struct dataset *d = NULL;
    const struct loss_ops loss = {.name = "some", .args = without, .targets = TARGET_BIT(TARGET_MULTILABEL)};
    const struct arg_values loss_args = {.of = {0}};
    const struct dataset_labels wanted = {.loss = &loss, .loss_args = &loss_args};
    if (comm_rank(comm) == 0) {
        struct h5_writer *w;
        for (int64_t i = 0; i < SAMPLES; i++) labels[i] = i == 700 || i == 1200 ? 0.5 : (double)(i % 2);
        CHECK_STATUS(h5_create(&w, odd, true), STATUS_OK);
        CHECK_STATUS(h5_write(w, "x", H5_TYPE_F64, 2, (const int64_t[]){SAMPLES, 1}, labels), STATUS_OK);
        CHECK_STATUS(h5_write(w, "y", H5_TYPE_F64, 1, (const int64_t[]){SAMPLES}, labels), STATUS_OK);
        CHECK_STATUS(h5_commit(&w), STATUS_OK);
    }
    comm_barrier(comm);
    CHECK(dataset_load(&d, comm, odd, &(struct source_options){0}, &wanted) == STATUS_DATA &&
          says("sample 700 has 0.5"));
    dataset_destroy(&d);
    char part[96];
    snprintf(part, sizeof part, "%s[2::2]", odd); /* numbers are those of the file */
    CHECK(dataset_load(&d, comm, part, &(struct source_options){0}, &wanted) == STATUS_DATA &&
          says("sample 700 has 0.5"));
    dataset_destroy(&d);
    comm_barrier(comm);
    if (comm_rank(comm) == 0) unlink(odd);
}

/* The parts against the definition: the first samples of a random order, and the others. */
static void check_split(double fraction, uint64_t seed, int64_t expected)
{
    struct dataset *d, *rest = NULL;
    bool seen[SAMPLES] = {false};
    CHECK_STATUS(load(&d, "values", "w", ALL, without, 0, -1), STATUS_OK);
    uint64_t whole, hash, hash_rest;
    CHECK_STATUS(dataset_hash(d, comm, &whole), STATUS_OK);
    size_t bytes = dataset_bytes(d);
    CHECK_STATUS(dataset_split(d, comm, fraction, seed, &rest), STATUS_OK);
    struct order order = order_make(seed, 0, SAMPLES, true);
    for (int64_t i = 0; i < expected; i++) seen[order_at(&order, i)] = true;
    CHECK(dataset_info(rest)->samples == expected && dataset_info(d)->samples == SAMPLES - expected);
    int64_t wrong = 0, kept = 0, taken = 0;
    for (int64_t i = 0; i < SAMPLES; i++) {
        const struct dataset *part = seen[i] ? rest : d;
        int64_t at = seen[i] ? taken++ : kept++;
        if (at >= dataset_info(part)->samples) continue;
        const float *x = features_of(part, at), *y = dataset_targets(part, at);
        wrong += dataset_number(part, at) != i || x[5] != feature(i, 5) || y[1] != (float)values(i, 1) ||
                 dataset_weights(part, at)[0] != (float)weight(i, 0);
    }
    CHECK(wrong == 0 && kept == dataset_info(d)->samples && taken == expected);
    CHECK_STATUS(dataset_hash(d, comm, &hash), STATUS_OK);
    CHECK_STATUS(dataset_hash(rest, comm, &hash_rest), STATUS_OK);
    CHECK(hash != whole && hash_rest != hash);
    CHECK(dataset_bytes(d) == bytes && dataset_bytes(rest) == 0);
    dataset_destroy(&rest);
    dataset_destroy(&d);
}

static void test_splits(void)
{
    check_split(0.2, 1, 260);
    check_split(0.2, 2, 260);
    check_split(0.1999, 1, 260); /* rounded up */
    check_split(1e-9, 5, 1);
    check_split(0.9991, 5, 1299);
    struct dataset *d, *rest = NULL;
    CHECK_STATUS(load(&d, "y", "", ALL, without, 0, -1), STATUS_OK);
    CHECK(dataset_split(d, comm, 0.9999, 1, &rest) == STATUS_DATA &&
          says("leaves 0 and 1300 of 1300 samples"));
    dataset_destroy(&rest);
    dataset_destroy(&d);
}

/* Nothing to learn from, whole or in a part: `part` is what the message says, or NULL where samples count. */
static void check_counts(const char *y, const char *weights, const struct arg *args, bool split,
                         const char *part)
{
    struct dataset *d, *rest = NULL;
    CHECK_STATUS(load(&d, y, weights, ALL, args, 255, -1), STATUS_OK);
    if (split) CHECK_STATUS(dataset_split(d, comm, 0.5, 1, &rest), STATUS_OK);
    enum status status = dataset_check_counts(d);
    if (status == STATUS_OK && split) status = dataset_check_counts(rest);
    CHECK(status == (part ? STATUS_DATA : STATUS_OK) && (!part || says(part)));
    dataset_destroy(&rest);
    dataset_destroy(&d);
}

static void test_counts(void)
{
    check_counts("y", "w", without, true, NULL);
    check_counts("y", "last", without, false, NULL);
    check_counts("y", "nothing", without, false, "all weights are 0");
    check_counts("y", "last", without, true, "all weights are 0 in its part");
    check_counts("y", "nothing", with_ignore, false, "all weights are 0");
    check_counts("values", "nothing", with_ignore, false, "all weights are 0");
    check_counts("unknown", "", without, false, NULL);
    check_counts("unknown", "", with_ignore, false, "every label is loss.ignore_index (255)");
    check_counts("single", "", with_ignore, false, NULL);
    check_counts("single", "", with_ignore, true, "choose another data.split_seed");
    check_counts("single", "last", with_ignore, false, "(255) or has weight 0");
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    set_begin(&argc, &argv);
    for (int64_t ranks_per_node = 0; ranks_per_node <= 2; ranks_per_node++) {
        CHECK_STATUS(comm_split_nodes(comm, ranks_per_node), STATUS_OK);
        CHECK_CASE(check_kind("y", TARGET_INDEX, 0, NULL));
        CHECK_CASE(check_kind("onehot", TARGET_ONEHOT, 3, onehot));
        CHECK_CASE(check_kind("probs", TARGET_PROBS, 3, probs));
        CHECK_CASE(check_kind("multilabel", TARGET_MULTILABEL, 3, multilabel));
        CHECK_CASE(check_kind("sign", TARGET_MULTILABEL, 3, multilabel));
        CHECK_CASE(check_kind("values", TARGET_VALUES, 2, values));
        CHECK_CASE(test_take());
        CHECK_CASE(test_refusals());
        CHECK_CASE(test_first_culprit());
        CHECK_CASE(test_splits());
        CHECK_CASE(test_counts());
    }
    return set_end();
}
