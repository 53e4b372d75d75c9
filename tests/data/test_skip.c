// ranks: 1 2 3 5
/* test_skip.c - samples that cannot be read are left out, the same ones in every store (data.on_error: skip). */
#include <math.h>

#include "labelled_set.h"

#define BATCH 70

static const enum data_store kinds[] = {STORE_NODE, STORE_CLUSTER, STORE_SCRATCH, STORE_WINDOW};
#define KINDS (sizeof kinds / sizeof *kinds)

static char holes[FOLDER_SIZE + 16];

static bool is_bad(int64_t sample)
{
    return sample == 0 || sample == 17 || (sample >= 500 && sample < 530) || sample == SAMPLES - 1;
}

static bool has_bad_label(int64_t sample)
{
    return sample == 17 || sample == 40 || sample == 1024;
}

/* NaN stands for what cannot be read. */
static void write_holes(void)
{
    struct h5_writer *w;
    float *x = malloc(SAMPLES * SIZE * sizeof *x), *y = malloc(SAMPLES * 2 * sizeof *y);
    for (int64_t i = 0; i < SAMPLES * SIZE; i++) x[i] = is_bad(i / SIZE) ? NAN : feature(i / SIZE, i % SIZE);
    for (int64_t i = 0; i < SAMPLES * 2; i++) y[i] = has_bad_label(i / 2) ? NAN : (float)values(i / 2, i % 2);
    CHECK_STATUS(h5_create(&w, holes, true), STATUS_OK);
    CHECK_STATUS(h5_write(w, "x", H5_TYPE_F32, 4, (const int64_t[]){SAMPLES, 2, SIDE, SIDE}, x), STATUS_OK);
    CHECK_STATUS(h5_write(w, "y", H5_TYPE_F32, 2, (const int64_t[]){SAMPLES, 2}, y), STATUS_OK);
    for (int64_t i = 0; i < SAMPLES * SIZE; i++) x[i] = NAN;
    CHECK_STATUS(h5_write(w, "none", H5_TYPE_F32, 2, (const int64_t[]){SAMPLES, SIZE}, x), STATUS_OK);
    CHECK_STATUS(h5_commit(&w), STATUS_OK);
    free(x);
    free(y);
}

static enum status load_holes(struct dataset **d, enum data_store kind, const char *x, bool skip)
{
    const struct loss_ops loss = {.name = "some", .args = without, .targets = ALL};
    const struct arg_values loss_args = {0};
    const struct source_options names = {.x = x, .y = "y", .skip = skip};
    const struct dataset_labels labels = {.loss = &loss, .loss_args = &loss_args};
    const struct store_options where = {.kind = kind, .scratch_dir = folder, .block = 16, .window = 64};
    *d = NULL;
    return dataset_load_into(d, comm, holes, &names, &labels, &where);
}

/* Samples of a view are those that are not left out, in the order of the file. */
static int64_t count_wrong(const struct dataset *d, const int64_t *samples, int64_t count)
{
    const void *rows[BATCH];
    const float *targets[BATCH];
    int64_t wrong = 0;
    dataset_take(d, samples, count, &(struct dataset_rows){.features = rows, .targets = targets});
    for (int64_t i = 0; i < count; i++) {
        int64_t number = dataset_number(d, samples[i]);
        wrong += is_bad(number) || has_bad_label(number) || number != dataset_place(d, samples[i]);
        wrong += targets[i][1] != (float)values(number, 1);
        for (int64_t f = 0; f < SIZE; f++) wrong += ((const float *)rows[i])[f] != feature(number, f);
    }
    return wrong;
}

static void check_stream(struct dataset *d)
{
    int64_t first, end, wrong = 0;
    dataset_part(d, comm_size(comm), comm_rank(comm), &first, &end);
    CHECK_STATUS(dataset_stream(d, first, end, 1), STATUS_OK);
    for (; first < end; first++) wrong += count_wrong(d, &first, 1);
    CHECK(wrong == 0);
    CHECK_STATUS(dataset_status(d), STATUS_OK);
}

static void check_steps(struct dataset *d)
{
    int ranks = comm_size(comm), rank = comm_rank(comm);
    const struct store_plan plan = {BATCH, BATCH * rank / ranks, BATCH * (rank + 1) / ranks};
    struct order order = dataset_order(d, 3, 1, true);
    int64_t samples[BATCH], all = dataset_info(d)->samples, wrong = 0;
    CHECK_STATUS(dataset_prepare(d, comm, &plan), STATUS_OK);
    for (int64_t position = 0; position < all; position += BATCH) {
        int64_t count = 0;
        dataset_expect(d, &order, position);
        for (int64_t at = plan.begin; at < plan.end && position + at < all; at++)
            samples[count++] = order_at(&order, position + at);
        wrong += count_wrong(d, samples, count);
    }
    comm_barrier(comm);
    CHECK(wrong == 0);
    check_stream(d);
}

static void test_left_out(void)
{
    int64_t kept = 0;
    uint64_t hash[KINDS] = {0};
    for (int64_t i = 0; i < SAMPLES; i++) kept += !is_bad(i) && !has_bad_label(i);
    for (size_t i = 0; i < KINDS; i++) {
        struct dataset *d, *rest = NULL;
        CHECK_STATUS(load_holes(&d, kinds[i], "x", true), STATUS_OK);
        if (!d) continue;
        CHECK(dataset_info(d)->samples == kept && dataset_left_out(d) == SAMPLES - kept);
        CHECK(dataset_all_samples(d) == SAMPLES);
        CHECK_STATUS(dataset_hash(d, comm, &hash[i]), STATUS_OK);
        check_stream(d);
        CHECK_STATUS(dataset_split(d, comm, 0.2, 1, &rest), STATUS_OK);
        CHECK(dataset_info(d)->samples + dataset_info(rest)->samples == kept);
        check_steps(d);
        check_stream(rest);
        check_stream(rest); /* what was kept */
        dataset_destroy(&rest);
        dataset_destroy(&d);
    }
    CHECK(hash[0] == hash[1] && hash[0] == hash[2]); /* on rank 0; 0 elsewhere */
}

static void test_stop(void)
{
    struct dataset *d;
    CHECK_STATUS(load_holes(&d, STORE_NODE, "x", false), STATUS_DATA);
    CHECK(d == NULL && strstr(status_text(), holes) != NULL);
}

static void test_nothing_left(void)
{
    for (size_t i = 0; i < KINDS; i++) {
        struct dataset *d;
        CHECK_STATUS(load_holes(&d, kinds[i], "none", true), STATUS_DATA);
        CHECK(d == NULL && strstr(status_text(), "no sample can be read") != NULL);
    }
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    set_begin(&argc, &argv);
    CHECK_STATUS(comm_split_nodes(comm, comm_size(comm) > 2 ? 2 : 0), STATUS_OK);
    snprintf(holes, sizeof holes, "%s/holes.h5", folder);
    if (comm_rank(comm) == 0) write_holes();
    comm_barrier(comm);
    CHECK_CASE(test_left_out());
    CHECK_CASE(test_stop());
    CHECK_CASE(test_nothing_left());
    return set_end();
}
