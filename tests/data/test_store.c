// ranks: 1 2 3 5
/* test_store.c - every store gives the samples of the source, in steps, in the order of the file and at random; a
 * damaged file shows in the status. */
#include <fcntl.h>
#include <unistd.h>

#include "comm/activity.h"
#include "labelled_set.h"

#define BATCH 70 /* of all ranks: not a divisor of anything */

static const enum data_store kinds[] = {STORE_NODE, STORE_CLUSTER, STORE_SCRATCH, STORE_WINDOW};
#define KINDS (sizeof kinds / sizeof *kinds)

static struct dataset *load_into(enum data_store kind, int64_t block, int64_t window)
{
    struct dataset *d = NULL;
    const struct loss_ops loss = {.name = "some", .args = without, .targets = ALL};
    const struct arg_values loss_args = {0};
    const struct source_options names = {.x = "x", .y = "y"};
    const struct dataset_labels labels = {.loss = &loss, .loss_args = &loss_args};
    const struct store_options where = {
        .kind = kind, .scratch_dir = folder, .block = block, .window = window};
    CHECK_STATUS(dataset_load_into(&d, comm, path, &names, &labels, &where), STATUS_OK);
    return d;
}

static int64_t count_wrong(const struct dataset *d, const int64_t *samples, int64_t count)
{
    const void *rows[BATCH];
    int64_t wrong = 0;
    dataset_take(d, samples, count, &(struct dataset_rows){.features = rows});
    for (int64_t i = 0; i < count; i++)
        for (int64_t f = 0; f < SIZE; f++)
            wrong += ((const float *)rows[i])[f] != feature(dataset_number(d, samples[i]), f);
    return wrong;
}

/* Takes this rank's share of every step, from `position` on, in two parts. Ranks leave an order together (store.h). */
static void check_epoch(struct dataset *d, uint64_t epoch, int64_t position, const struct store_plan *plan)
{
    struct order order = dataset_order(d, 3, epoch, true);
    int64_t samples[BATCH], all = dataset_info(d)->samples, wrong = 0;
    for (; position < all; position += BATCH) {
        int64_t count = 0;
        dataset_expect(d, &order, position);
        for (int64_t at = plan->begin; at < plan->end && position + at < all; at++)
            samples[count++] = order_at(&order, position + at);
        wrong += count_wrong(d, samples, count / 2);
        wrong += count_wrong(d, samples + count / 2, count - count / 2);
    }
    comm_barrier(comm);
    CHECK(wrong == 0);
    CHECK_STATUS(dataset_status(d), STATUS_OK);
}

static void check_stream(const struct dataset *d, int64_t first, int64_t end, int64_t at_once)
{
    int64_t samples[BATCH], wrong = 0;
    CHECK_STATUS(dataset_stream(d, first, end, at_once), STATUS_OK);
    for (int64_t at = first, n; at < end; at += n) {
        n = end - at < at_once ? end - at : at_once;
        for (int64_t i = 0; i < n; i++) samples[i] = at + i;
        wrong += count_wrong(d, samples, n);
    }
    CHECK(wrong == 0);
    CHECK_STATUS(dataset_status(d), STATUS_OK);
}

static void check_random(const struct dataset *d)
{
    struct order order = order_make(9, 9, dataset_info(d)->samples, true);
    int64_t samples[BATCH];
    for (int64_t i = 0; i < BATCH; i++) samples[i] = order_at(&order, i);
    CHECK(count_wrong(d, samples, BATCH) == 0);
}

static void check_view(struct dataset *d)
{
    int ranks = comm_size(comm), rank = comm_rank(comm);
    const struct store_plan plan = {BATCH, BATCH * rank / ranks, BATCH * (rank + 1) / ranks};
    int64_t first, end;
    dataset_part(d, ranks, rank, &first, &end);
    check_random(d);
    check_stream(d, first, end, 1);
    CHECK_STATUS(dataset_prepare(d, comm, &plan), STATUS_OK);
    check_epoch(d, 1, 0, &plan);
    check_epoch(d, 2, 0, &plan);
    check_epoch(d, 2, 3 * BATCH, &plan); /* once more, as after resuming */
    check_stream(d, first, end, 64);
    check_epoch(d, 4, 0, &plan);
    check_random(d);
}

static void test_stores(void)
{
    for (size_t i = 0; i < KINDS; i++)
        for (int64_t block = 16; block <= 4000; block *= 15) {
            struct dataset *d = load_into(kinds[i], block, 4 * block), *rest = NULL;
            if (!d) continue;
            check_view(d);
            CHECK_STATUS(dataset_split(d, comm, 0.2, 1, &rest), STATUS_OK);
            check_stream(rest, 0, dataset_info(rest)->samples, 32);
            dataset_destroy(&rest);
            dataset_destroy(&d);
        }
}

static void test_views(void)
{
    for (size_t i = 0; i < KINDS; i++) {
        struct dataset *d = load_into(kinds[i], 50, 200), *rest = NULL;
        if (!d) continue;
        CHECK_STATUS(dataset_split(d, comm, 0.3, 2, &rest), STATUS_OK);
        check_view(d);
        check_stream(rest, 10, dataset_info(rest)->samples, 16);
        check_random(rest);
        dataset_destroy(&rest);
        dataset_destroy(&d);
    }
}

/* Reading all of a large set may take longer than the watchdog waits for a rank. */
static void test_signs_of_life(void)
{
    static struct activity seen;
    for (size_t i = 0; i < KINDS; i++) {
        if (kinds[i] != STORE_SCRATCH && kinds[i] != STORE_WINDOW) continue;
        struct dataset *d = load_into(kinds[i], 50, 200);
        if (!d) continue;
        activity_record_in(&seen);
        uint64_t before = atomic_load(&seen.beats);
        check_stream(d, 0, dataset_info(d)->samples, 1);
        CHECK(atomic_load(&seen.beats) > before);
        activity_record_in(NULL);
        dataset_destroy(&d);
    }
}

/* The same for the stores that have one order, another one for window, by its settings. */
static void test_hashes(void)
{
    uint64_t hash[KINDS + 1] = {0};
    for (size_t i = 0; i <= KINDS; i++) {
        struct dataset *d = load_into(i < KINDS ? kinds[i] : STORE_WINDOW, i < KINDS ? 0 : 100, 0);
        if (!d) continue;
        CHECK_STATUS(dataset_hash(d, comm, &hash[i]), STATUS_OK);
        dataset_destroy(&d);
    }
    if (comm_rank(comm) != 0) return;
    CHECK(hash[0] == hash[1] && hash[0] == hash[2]);
    CHECK(hash[3] != hash[0] && hash[4] != hash[3] && hash[4] != hash[0]);
}

static void test_file_that_shrinks(void)
{
    struct dataset *d = load_into(STORE_WINDOW, 16, 64);
    const struct store_plan plan = {BATCH, 0, BATCH};
    if (!d) return;
    CHECK_STATUS(dataset_prepare(d, comm, &plan), STATUS_OK);
    comm_barrier(comm);
    if (comm_rank(comm) == 0) CHECK(truncate(path, 4000) == 0);
    comm_barrier(comm);
    struct order order = dataset_order(d, 3, 1, true);
    int64_t sample = order_at(&order, 0);
    const void *row;
    dataset_expect(d, &order, 0);
    dataset_take(d, &sample, 1, &(struct dataset_rows){.features = &row});
    CHECK(row != NULL);
    CHECK_STATUS(dataset_status(d), STATUS_DATA);
    CHECK(strstr(status_text(), path) != NULL);
    dataset_destroy(&d);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    set_begin(&argc, &argv);
    CHECK_STATUS(comm_split_nodes(comm, comm_size(comm) > 2 ? 2 : 0), STATUS_OK);
    CHECK_CASE(test_stores());
    CHECK_CASE(test_views());
    CHECK_CASE(test_hashes());
    CHECK_CASE(test_signs_of_life());
    CHECK_CASE(test_file_that_shrinks());
    return set_end();
}
