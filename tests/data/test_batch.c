// ranks: 1 2 3
/* test_batch.c - statistics are those of the training part, and a batch is what the loss needs. */
#include "data/batch.h"
#include "kernels.h"
#include "data/labelled_set.h"

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
                const float *row = targets ? dataset_targets(d, i) : features_of(d, i);
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
        enum data_normalize mode;
        int64_t channels;
    } modes[] = {{NORMALIZE_AUTO, 2}, {NORMALIZE_STANDARD, SIZE}};
    for (int split = 0; split < 2; split++) {
        struct dataset *d, *rest = NULL;
        CHECK_STATUS(load(&d, "values", "", ALL, without, 0, -1), STATUS_OK);
        if (split) CHECK_STATUS(dataset_split(d, comm, 0.3, 4, &rest), STATUS_OK);
        for (int i = 0; i < 2; i++) {
            struct normal n = {0};
            CHECK_STATUS(normal_init(&n, comm, d, modes[i].mode), STATUS_OK);
            check_statistics(&n, modes[i].channels, d, false);
            normal_free(&n);
        }
        struct normal n = {0};
        CHECK_STATUS(normal_init_targets(&n, comm, d), STATUS_OK);
        check_statistics(&n, 2, d, true);
        normal_free(&n);
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
    if (normalise) CHECK_STATUS(normal_init_targets(&targets, comm, d), STATUS_OK);
    CHECK_STATUS(
        batch_init(&b, &(struct batch_spec){.kernels = kernels, .lanes = 16, .leaves = 2, .width = width}),
        STATUS_OK);
    CHECK_STATUS(mem_alloc(&input, SIZE * 32, sizeof *input, "test"), STATUS_OK);
    b.target_normal = normalise ? &targets : NULL;
    for (int pass = 0; pass < 2; pass++) {
        b.leaves = 2 - pass;
        b.live[0] = 5 + pass, b.live[1] = 16;
        for (int64_t at = 0; at < 32; at++) b.samples[at] = (at * 41 + pass) % SAMPLES;
        batch_load(&b, d, inputs, input);
        CHECK(b.weight_width == 1);
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
    batch_free(&b);
    normal_free(&targets);
    dataset_destroy(&d);
}

static void test_batches(void)
{
    struct dataset *d;
    struct normal n = {0};
    CHECK_STATUS(load(&d, "y", "", ALL, without, 0, -1), STATUS_OK);
    CHECK_STATUS(normal_init(&n, comm, d, NORMALIZE_STANDARD), STATUS_OK);
    check_batch("y", &n, false);
    check_batch("onehot", &n, false);
    check_batch("probs", &n, false);
    check_batch("sign", &n, false);
    check_batch("values", &n, false);
    check_batch("values", &n, true);
    normal_free(&n);
    dataset_destroy(&d);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    set_begin(&argc, &argv);
    for (int64_t ranks_per_node = 0; ranks_per_node <= 2; ranks_per_node++) {
        CHECK_STATUS(comm_split_nodes(comm, ranks_per_node), STATUS_OK);
        CHECK_CASE(test_statistics());
        CHECK_CASE(test_batches());
    }
    return set_end();
}
