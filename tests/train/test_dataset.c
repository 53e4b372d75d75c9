// ranks: 1 2 3
/* A set in shared memory: what its labels are, at any number of ranks; cut in two, nothing is lost or doubled; statistics are
 * those of the training part; a batch is what the loss needs. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "ddp/h5.h"
#include "ddp/kernels.h"
#include "ddp/mem.h"
#include "ddp/order.h"
#include "train/batch.h"

#define SAMPLES 1300 /* three blocks of 512, so that three ranks read */
#define SIDE    3
#define SIZE    (2 * SIDE * SIDE)

static struct comm *comm;
static char path[64];

static float feature(int64_t sample, int64_t f)
{
    return (float)(sample * 31 % 97) * 0.25f + (float)(f * f) + (f == 4 ? 0 : (float)(sample % (f + 2)));
}

/* Column k of the labels of a sample, for each kind. */
static double onehot(int64_t sample, int64_t k)
{
    return k == sample * 7 % 3;
}

static double probs(int64_t sample, int64_t k)
{
    double first = 0.1 * (double)(sample % 5); /* 0.4 is as much as the last one then */
    return k == 2 ? 0.8 - first : k ? 0.2 : first;
}

static double multilabel(int64_t sample, int64_t k)
{
    return (double)(sample / (k + 1) % 2);
}

static double sign(int64_t sample, int64_t k)
{
    return 2 * multilabel(sample, k) - 1;
}

static double values(int64_t sample, int64_t k)
{
    return 1000 * (double)k + 0.5 * (double)(sample * 13 % 101);
}

static double weight(int64_t sample, int64_t k)
{
    (void)k;
    return (double)(sample % 5) / 2;
}

typedef double column(int64_t sample, int64_t k);

static void write_rows(struct h5_writer *w, const char *name, int64_t width, column *at)
{
    double *rows = malloc((size_t)(SAMPLES * width) * sizeof *rows);
    for (int64_t i = 0; i < SAMPLES * width; i++) rows[i] = at(i / width, i % width);
    CHECK_STATUS(h5_write(w, name, H5_TYPE_F64, width > 1 ? 2 : 1, (const int64_t[]){SAMPLES, width}, rows),
                 STATUS_OK);
    free(rows);
}

static void write_file(void)
{
    struct h5_writer *w;
    float *x = malloc(SAMPLES * SIZE * sizeof *x);
    int64_t *labels = malloc(SAMPLES * sizeof *labels);
    for (int64_t i = 0; i < SAMPLES * SIZE; i++) x[i] = feature(i / SIZE, i % SIZE);
    for (int64_t i = 0; i < SAMPLES; i++) labels[i] = i * 7 % 3;
    CHECK_STATUS(h5_create(&w, path, true), STATUS_OK);
    CHECK_STATUS(h5_write(w, "x", H5_TYPE_F32, 4, (const int64_t[]){SAMPLES, 2, SIDE, SIDE}, x), STATUS_OK);
    CHECK_STATUS(h5_write(w, "y", H5_TYPE_I64, 1, (const int64_t[]){SAMPLES}, labels), STATUS_OK);
    for (int64_t i = 0; i < SAMPLES; i++) labels[i] = i == 3 ? 255 : i == 9 ? -100 : i * 7 % 3;
    CHECK_STATUS(h5_write(w, "ignored", H5_TYPE_I64, 1, (const int64_t[]){SAMPLES}, labels), STATUS_OK);
    labels[9] = 0;
    CHECK_STATUS(h5_write(w, "void", H5_TYPE_I64, 1, (const int64_t[]){SAMPLES}, labels), STATUS_OK);
    for (int64_t i = 0; i < SAMPLES; i++) labels[i] = 255;
    CHECK_STATUS(h5_write(w, "unknown", H5_TYPE_I64, 1, (const int64_t[]){SAMPLES}, labels), STATUS_OK);
    labels[5] = 1; /* the only label */
    CHECK_STATUS(h5_write(w, "single", H5_TYPE_I64, 1, (const int64_t[]){SAMPLES}, labels), STATUS_OK);
    memset(x, 0, SAMPLES * sizeof *x);
    CHECK_STATUS(h5_write(w, "nothing", H5_TYPE_F32, 1, (const int64_t[]){SAMPLES}, x), STATUS_OK);
    x[SAMPLES - 1] = 1; /* the only weight */
    CHECK_STATUS(h5_write(w, "last", H5_TYPE_F32, 1, (const int64_t[]){SAMPLES}, x), STATUS_OK);
    write_rows(w, "onehot", 3, onehot);
    write_rows(w, "probs", 3, probs);
    write_rows(w, "multilabel", 3, multilabel);
    write_rows(w, "sign", 3, sign);
    write_rows(w, "values", 2, values);
    write_rows(w, "w", 1, weight);
    CHECK_STATUS(h5_commit(&w), STATUS_OK);
    free(x);
    free(labels);
}

static const struct arg with_ignore[] = {{.name = "ignore_index", .kind = ARG_INT, .min = -1e9, .max = 1e9},
                                         ARG_END};
static const struct arg without[] = {ARG_END};

static enum status load(struct dataset **d, const char *y, const char *weights, unsigned takes,
                        const struct arg *args, double ignored, int fixed)
{
    const struct loss_ops loss = {.name = "some", .args = args, .targets = takes};
    const struct arg_values loss_args = {.of = {ignored}};
    const struct source_names names = {.x = "x", .y = y, .weights = weights};
    const struct dataset_labels labels = {.loss = &loss,
                                          .loss_args = &loss_args,
                                          .fixed = fixed >= 0,
                                          .kind = fixed >= 0 ? (enum target_kind)fixed : TARGET_INDEX,
                                          .fixed_by = "data.labels is so"};
    *d = NULL;
    return dataset_load(d, comm, path, &names, &labels);
}

#define ALL ((1u << TARGET_KINDS) - 1)

static void check_kind(const char *y, enum target_kind kind, int64_t width, column *at)
{
    struct dataset *d;
    CHECK_STATUS(load(&d, y, "w", ALL, without, 0, -1), STATUS_OK);
    CHECK(dataset_kind(d) == kind && dataset_width(d) == width && dataset_info(d)->samples == SAMPLES);
    int64_t wrong = 0;
    for (int64_t i = 0; i < SAMPLES; i++) {
        const float *x = dataset_features(d, i);
        for (int64_t f = 0; f < SIZE; f++) wrong += x[f] != feature(i, f);
        for (int64_t k = 0; k < width; k++) wrong += dataset_targets(d, i)[k] != (float)at(i, k);
        if (!width) wrong += dataset_label(d, i) != i * 7 % 3;
        wrong += dataset_weight(d, i) != (float)weight(i, 0) || dataset_number(d, i) != i;
    }
    CHECK(wrong == 0);
    int64_t outputs = width ? width : 3;
    CHECK_STATUS(dataset_check_labels(d, outputs), STATUS_OK);
    CHECK_STATUS(dataset_check_labels(d, outputs - 1), STATUS_DATA);
    CHECK_STATUS(dataset_check_labels(d, outputs + 1), width ? STATUS_DATA : STATUS_OK);
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
    CHECK(dataset_label(d, 9) == -100);
    CHECK(dataset_check_labels(d, 3) == STATUS_DATA &&
          says("sample 3 has label 255 but the model has 3 outputs; widen its last layer, or name it"));
    CHECK_STATUS(dataset_check_labels(d, 256), STATUS_OK);
    dataset_destroy(&d);
    CHECK_STATUS(load(&d, "void", "", index, with_ignore, 255, -1), STATUS_OK);
    CHECK_STATUS(dataset_check_labels(d, 3), STATUS_OK);
    CHECK_STATUS(dataset_check_labels(d, 2), STATUS_DATA);
    dataset_destroy(&d);
}

/* The rule is broken in samples that different ranks read; the first one is named whoever finds it. */
static void test_first_culprit(void)
{
    static char odd[80];
    static double labels[SAMPLES];
    snprintf(odd, sizeof odd, "%s.odd", path);
    struct dataset *d = NULL;
    const struct loss_ops loss = {.name = "some", .args = without, .targets = TARGET_BIT(TARGET_MULTILABEL)};
    const struct dataset_labels wanted = {.loss = &loss};
    if (comm_rank(comm) == 0) {
        struct h5_writer *w;
        for (int64_t i = 0; i < SAMPLES; i++) labels[i] = i == 700 || i == 1200 ? 0.5 : (double)(i % 2);
        CHECK_STATUS(h5_create(&w, odd, true), STATUS_OK);
        CHECK_STATUS(h5_write(w, "x", H5_TYPE_F64, 2, (const int64_t[]){SAMPLES, 1}, labels), STATUS_OK);
        CHECK_STATUS(h5_write(w, "y", H5_TYPE_F64, 1, (const int64_t[]){SAMPLES}, labels), STATUS_OK);
        CHECK_STATUS(h5_commit(&w), STATUS_OK);
    }
    comm_barrier(comm);
    CHECK(dataset_load(&d, comm, odd, &(struct source_names){0}, &wanted) == STATUS_DATA &&
          says("sample 700 has 0.5"));
    dataset_destroy(&d);
    char slice[96];
    snprintf(slice, sizeof slice, "%s[2::2]", odd); /* numbers are those of the file */
    CHECK(dataset_load(&d, comm, slice, &(struct source_names){0}, &wanted) == STATUS_DATA &&
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
    uint64_t whole = dataset_hash(d);
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
        const float *x = dataset_features(part, at), *y = dataset_targets(part, at);
        wrong += dataset_number(part, at) != i || x[5] != feature(i, 5) || y[1] != (float)values(i, 1) ||
                 dataset_weight(part, at) != (float)weight(i, 0);
    }
    CHECK(wrong == 0 && kept == dataset_info(d)->samples && taken == expected);
    CHECK(dataset_hash(d) != whole && dataset_hash(rest) != dataset_hash(d));
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

/* Mean and deviation in long double, two passes; statistics are float32, so agree to a few units of 2^-24. */
static void check_statistics(const struct normal *n, int64_t channels, const struct dataset *d, bool targets)
{
    int64_t samples = dataset_info(d)->samples, width = targets ? dataset_width(d) : SIZE,
            run = width / channels;
    CHECK(n->channels == channels);
    for (int64_t c = 0; c < channels; c++) {
        long double sum = 0, squares = 0, count = (long double)(samples * run);
        for (int pass = 0; pass < 2; pass++)
            for (int64_t i = 0; i < samples; i++) {
                const float *row = targets ? dataset_targets(d, i) : dataset_features(d, i);
                for (int64_t f = c * run; f < (c + 1) * run; f++)
                    if (pass == 0)
                        sum += row[f];
                    else
                        squares += (row[f] - sum / count) * (row[f] - sum / count);
            }
        double mean = (double)(sum / count), std = squares > 0 ? (double)sqrtl(squares / count) : 1;
        CHECK_NEAR(n->mean[c], mean, 1e-7 * (1 + fabs(mean)));
        CHECK_NEAR(n->std[c], std, 1e-6 * std);
    }
}

static void test_statistics(void)
{
    static const struct {
        enum config_normalize mode;
        int64_t channels;
    } modes[] = {{NORMALIZE_AUTO, 2}, {NORMALIZE_STANDARD, SIZE}};
    for (int split = 0; split < 2; split++) {
        struct dataset *d, *rest = NULL;
        CHECK_STATUS(load(&d, "values", "", ALL, without, 0, -1), STATUS_OK);
        if (split) CHECK_STATUS(dataset_split(d, comm, 0.3, 4, &rest), STATUS_OK);
        for (int i = 0; i < 2; i++) {
            struct normal n = {0};
            CHECK_STATUS(normal_create(&n, comm, d, modes[i].mode), STATUS_OK);
            check_statistics(&n, modes[i].channels, d, false);
            normal_destroy(&n);
        }
        struct normal n = {0};
        CHECK_STATUS(normal_create_targets(&n, comm, d), STATUS_OK);
        check_statistics(&n, 2, d, true);
        normal_destroy(&n);
        dataset_destroy(&rest);
        dataset_destroy(&d);
    }
}

/* Two leaves of 16 lanes with 5 and 16 samples, and one leaf after that, in the same arrays. */
static void check_batch(const char *y, const struct normal *inputs, bool normalise)
{
    struct dataset *d;
    struct normal targets = {0};
    struct batch b = {0};
    float *input;
    CHECK_STATUS(load(&d, y, "w", ALL, without, 0, -1), STATUS_OK);
    int64_t width = dataset_width(d);
    if (normalise) CHECK_STATUS(normal_create_targets(&targets, comm, d), STATUS_OK);
    CHECK_STATUS(batch_create(&b, 16, 2, width), STATUS_OK);
    CHECK_STATUS(mem_alloc(&input, SIZE * 32, sizeof *input, "test"), STATUS_OK);
    b.target_normal = normalise ? &targets : NULL;
    for (int pass = 0; pass < 2; pass++) {
        b.leaves = 2 - pass;
        b.live[0] = 5 + pass, b.live[1] = 16;
        for (int64_t at = 0; at < 32; at++) b.samples[at] = (at * 41 + pass) % SAMPLES;
        batch_load(&b, d, inputs, input);
        CHECK(b.has_weights);
        for (int64_t at = 0; at < b.leaves * 16; at++) {
            int64_t sample = b.samples[at];
            bool live = at % 16 < b.live[at / 16];
            for (int64_t k = 0; k < width; k++) {
                float have = b.targets[k * b.leaves * 16 + at], want = dataset_targets(d, sample)[k];
                if (!live)
                    CHECK(have == 0);
                else if (!normalise)
                    CHECK(have == want);
                else /* two roundings of numbers near the mean */
                    CHECK_NEAR(have * targets.std[k] + targets.mean[k], want,
                               4 * 6e-8 * (fabs((double)want) + 1000));
            }
            if (live) CHECK(b.weights[at] == (float)weight(sample, 0));
            if (live && (width == 0 || strcmp(y, "onehot") == 0)) CHECK(b.labels[at] == sample * 7 % 3);
            if (live && strcmp(y, "probs") == 0) CHECK(b.labels[at] == (sample % 5 == 4 ? 0 : 2));
        }
    }
    mem_free(&input);
    batch_destroy(&b);
    normal_destroy(&targets);
    dataset_destroy(&d);
}

static void test_batches(void)
{
    struct dataset *d;
    struct normal n = {0};
    CHECK_STATUS(load(&d, "y", "", ALL, without, 0, -1), STATUS_OK);
    CHECK_STATUS(normal_create(&n, comm, d, NORMALIZE_STANDARD), STATUS_OK);
    check_batch("y", &n, false);
    check_batch("onehot", &n, false);
    check_batch("probs", &n, false);
    check_batch("sign", &n, false);
    check_batch("values", &n, false);
    check_batch("values", &n, true);
    normal_destroy(&n);
    dataset_destroy(&d);
}

int main(int argc, char **argv)
{
    CHECK_STATUS(comm_create(&comm, &argc, &argv), STATUS_OK);
    CHECK_STATUS(kernels_select("auto"), STATUS_OK);
    char *name = NULL, text[] = "/tmp/test_dataset.XXXXXX";
    if (comm_rank(comm) == 0) {
        int file = mkstemp(text);
        CHECK(file >= 0);
        close(file);
        CHECK_STATUS(mem_copy_text(&name, text), STATUS_OK);
    }
    CHECK_STATUS(comm_share_text(comm, &name), STATUS_OK);
    snprintf(path, sizeof path, "%s", name);
    mem_free(&name);
    if (comm_rank(comm) == 0) write_file();
    for (int64_t ranks_per_node = 0; ranks_per_node <= 2; ranks_per_node++) {
        CHECK_STATUS(comm_split_nodes(comm, ranks_per_node), STATUS_OK);
        check_kind("y", TARGET_INDEX, 0, NULL);
        check_kind("onehot", TARGET_ONEHOT, 3, onehot);
        check_kind("probs", TARGET_PROBS, 3, probs);
        check_kind("multilabel", TARGET_MULTILABEL, 3, multilabel);
        check_kind("sign", TARGET_MULTILABEL, 3, multilabel);
        check_kind("values", TARGET_VALUES, 2, values);
        test_refusals();
        test_first_culprit();
        test_splits();
        test_counts();
        test_statistics();
        test_batches();
    }
    comm_barrier(comm);
    if (comm_rank(comm) == 0) unlink(path);
    comm_destroy(&comm);
    CHECK(mem_alive() == 0);
    return check_result();
}
