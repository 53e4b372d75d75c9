// ranks: 1 2 3 5 8
/* test_sync.c - the law of synchronisation: the parameters after some steps are those of one process that
 * adds the virtual ranks' gradients in tree order, bit by bit, for every way to cut the ranks into nodes;
 * allreduce agrees to rounding. */
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "kernels.h"
#include "core/mem.h"
#include "core/rng.h"
#include "comm/sync/sync.h"

#define STEPS 3
#define GROUP 4 /* virtual ranks in one group, at most */

static float gradient_of(int step, int leaf, int64_t i)
{
    return 2 * rng_unit(rng_words((uint64_t)step, RNG_SYNTHETIC, (uint64_t)leaf, (uint64_t)i).v[0]) - 1;
}

static void fill(void *self, float *params)
{
    const int64_t *count = self;
    for (int64_t i = 0; i < *count; i++) params[i] = (float)i / 1000;
}

/* A small optimizer with one slot, so that the slot's place is tested too. */
static void update(void *self, int64_t first, int64_t count, float *params, const float *grads,
                   float *const slots[SYNC_SLOTS])
{
    int64_t *updated = self;
    (void)first;
    *updated += count;
    for (int64_t i = 0; i < count; i++) {
        slots[0][i] = 0.5f * slots[0][i] + grads[i];
        params[i] -= 0.01f * slots[0][i];
    }
}

static float tree_sum(int step, int lo, int hi, int64_t i)
{
    if (hi - lo == 1) return gradient_of(step, lo, i);
    int left = 1;
    while (left * 2 < hi - lo) left *= 2;
    return tree_sum(step, lo, lo + left, i) + tree_sum(step, lo + left, hi, i);
}

static void expect(int leaves, int64_t count, float *params, float *slot)
{
    fill(&count, params);
    memset(slot, 0, (size_t)count * sizeof *slot);
    for (int step = 0; step < STEPS; step++)
        for (int64_t i = 0; i < count; i++) {
            slot[i] = 0.5f * slot[i] + tree_sum(step, 0, leaves, i);
            params[i] -= 0.01f * slot[i];
        }
}

/* Sometimes a rank is late. */
static void delay_sometimes(int step, int place)
{
    uint32_t dice = rng_words((uint64_t)step, RNG_SYNTHETIC, (uint64_t)getpid(), (uint64_t)place).v[0];
    if (dice % 4 == 0) usleep(dice / 4 % 256);
}

/* A virtual rank's record. Its sum depends on the order of additions. */
struct record {
    uint64_t order;
    double loss;
    int64_t count;
};

static void add_record(void *sum, const void *record)
{
    struct record *s = sum;
    const struct record *r = record;
    s->order = s->order * 31 + r->order;
    s->loss += r->loss;
    s->count += r->count;
}

static struct record record_of(int step, int v)
{
    return (struct record){(uint64_t)(step + v), 1.0 / (v + 3), v};
}

/* Every second step all ask: each virtual rank for one thing of its own and one that all ask for. */
static struct sync_requests requests_of(int step, int lo, int hi)
{
    if (step % 2) return (struct sync_requests){0};
    return (struct sync_requests){((uint64_t)1 << hi) - ((uint64_t)1 << lo) + ((uint64_t)1 << 40), hi - lo};
}

static void check_sum(const struct record *sum, const struct sync_requests *requests, int step, int leaves)
{
    struct record want = {0};
    struct sync_requests wanted = requests_of(step, 0, leaves);
    for (int v = 0; v < leaves; v++) {
        struct record r = record_of(step, v);
        add_record(&want, &r);
    }
    CHECK(sum->order == want.order && sum->loss == want.loss && sum->count == want.count);
    CHECK(requests->bits == wanted.bits && requests->bad_passes == wanted.bad_passes);
}

/* Writes the gradient from its end to its start in ranges of different lengths, as layers do. The first
 * range is left for sync_group_done. */
static void run_backward(struct sync *s, int step, struct tree_node g, int64_t count)
{
    float *gradient = sync_gradient(s);
    for (int64_t end = count, part = 16; end > 0; end -= part, part = part * 4 < end ? part * 4 : end) {
        for (int64_t i = end - part; i < end; i++) gradient[i] = tree_sum(step, g.lo, g.hi, i);
        delay_sometimes(step, (int)end);
        if (end == part) return;
        sync_grads_ready(s, end - part, part);
    }
}

static void run_groups(struct sync *s, int step, int leaves, int64_t count)
{
    for (struct tree_node g = sync_group(s); g.lo < g.hi; g = sync_group(s)) {
        struct record records[GROUP];
        for (int v = g.lo; v < g.hi; v++) records[v - g.lo] = record_of(step, v);
        sync_params(s);
        run_backward(s, step, g, count);
        sync_group_done(s, records, requests_of(step, g.lo, g.hi));
    }
    struct record sum;
    struct sync_requests requests = sync_collect(s, &sum);
    check_sum(&sum, &requests, step, leaves);
    delay_sometimes(step, -1);
}

/* What a sweep saw, by position: the gradient of each cell's first element. */
struct sight {
    double *cells;
    bool whole; /* visits begin with cells */
};

static void look(void *self, int64_t first, int64_t count, float *params, const float *grads,
                 float *const slots[SYNC_SLOTS])
{
    struct sight *sight = self;
    (void)params, (void)slots;
    sight->whole = sight->whole && first % SYNC_CELL == 0;
    for (int64_t i = 0; i < count; i += SYNC_CELL) sight->cells[(first + i) / SYNC_CELL] = grads[i];
}

/* Two sweeps see the summed gradient, cell by cell, and leave it as it is. */
static void check_sweeps(struct sync *s, int step, int leaves, int64_t count, bool tree)
{
    int64_t cells = (count + SYNC_CELL - 1) / SYNC_CELL;
    struct sight sight = {.whole = true};
    CHECK_STATUS(mem_alloc(&sight.cells, (size_t)cells + 1, sizeof *sight.cells, "test"), STATUS_OK);
    for (int sweep = 0; sweep < 2; sweep++) {
        for (int64_t c = 0; c < cells; c++) sight.cells[c] = 0;
        sync_sweep(s, look, &sight);
        sync_merge(s, sight.cells, cells);
        for (int64_t c = 0; c < cells; c++) {
            double want = tree_sum(step, 0, leaves, c * SYNC_CELL);
            if (tree)
                CHECK(sight.cells[c] == want);
            else
                CHECK_NEAR(sight.cells[c], want, 6e-8 * 4.0 * leaves);
        }
    }
    CHECK(sight.whole);
    mem_free(&sight.cells);
}

static void take_step(struct sync *s, int step, int leaves, int64_t count, bool tree)
{
    int64_t updated = 0;
    run_groups(s, step, leaves, count);
    if (step == 1) check_sweeps(s, step, leaves, count, tree);
    sync_apply(s, update, &updated);
}

/* Changes nothing, at any time, and leaves nothing under way. */
static void skip_step(struct sync *s, int step, int leaves, int64_t count, bool tree)
{
    run_groups(s, step, leaves, count);
    if (step == STEPS) check_sweeps(s, step, leaves, count, tree);
    sync_skip(s);
}

static void check(struct comm *comm, int leaves, int64_t count, int64_t ranks_per_node, int max_group,
                  bool tree)
{
    struct sync *s = NULL;
    float *params, *slot;
    CHECK_STATUS(mem_alloc(&params, (size_t)count + 1, sizeof *params, "test"), STATUS_OK);
    CHECK_STATUS(mem_alloc(&slot, (size_t)count + 1, sizeof *slot, "test"), STATUS_OK);
    expect(leaves, count, params, slot);
    CHECK_STATUS(comm_split_nodes(comm, ranks_per_node), STATUS_OK);
    struct sync_spec spec = {.kernels = kernels,
                             .count = count,
                             .slots = 1,
                             .virtual_ranks = leaves,
                             .max_group = max_group,
                             .tree = tree,
                             .record_bytes = sizeof(struct record),
                             .add = add_record};
    CHECK_STATUS(sync_create(&s, comm, &spec), STATUS_OK);
    sync_fill_params(s, fill, &count);
    for (int step = 0; step < STEPS; step++) {
        take_step(s, step, leaves, count, tree);
        skip_step(s, STEPS + step, leaves, count, tree);
    }
    const float *gathered = sync_gather_slot(s, 0);
    if (tree) {
        CHECK(memcmp(sync_params(s), params, (size_t)count * sizeof *params) == 0);
        if (comm_rank(comm) == 0) CHECK(memcmp(gathered, slot, (size_t)count * sizeof *slot) == 0);
    } else {
        /* the order of at most `leaves` additions differs, three steps of them */
        for (int64_t i = 0; i < count; i++)
            CHECK_NEAR(sync_params(s)[i], params[i],
                       6e-8 * (4.0 * leaves * STEPS * 0.02 + fabs(params[i]) * STEPS));
    }
    sync_destroy(&s);
    mem_free(&params);
    mem_free(&slot);
}

/* Sizes that MPI cannot count: nothing is left to release. */
static void check_too_large(struct comm *comm)
{
    static const struct sync_spec specs[] = {
        {.count = (int64_t)1 << 31, .virtual_ranks = 8, .max_group = 1, .record_bytes = 8, .add = add_record},
        {.count = 16,
         .virtual_ranks = TREE_MAX_LEAVES + 1,
         .max_group = 1,
         .record_bytes = 8,
         .add = add_record},
        {.count = 16, .virtual_ranks = 1024, .max_group = 1, .record_bytes = 1 << 21, .add = add_record}};
    for (int i = 0; i < 3; i++) {
        struct sync *s = NULL;
        int64_t before = mem_alive();
        CHECK_STATUS(sync_create(&s, comm, &specs[i]), STATUS_CONFIG);
        CHECK(!s && mem_alive() == before);
    }
}

static void test_sizes(struct comm *comm)
{
    static const int64_t counts[] = {0, 16, 48, 1024, 5008};
    static const int leaf_counts[] = {8, 13, 16};
    for (int c = 0; c < 5; c++)
        for (int l = 0; l < 3; l++) {
            int max_group = c % 2 ? GROUP : 1;
            for (int64_t ranks_per_node = 0; ranks_per_node <= 3; ranks_per_node++)
                check(comm, leaf_counts[l], counts[c], ranks_per_node, max_group, true);
            check(comm, leaf_counts[l], counts[c], 0, max_group, false);
        }
}

static void test_buckets(struct comm *comm)
{
    for (int64_t ranks_per_node = 0; ranks_per_node <= 3; ranks_per_node++)
        check(comm, 13, 140000, ranks_per_node, GROUP, true);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    struct comm *comm;
    CHECK_STATUS(comm_create(&comm, &argc, &argv), STATUS_OK);
    CHECK_STATUS(select_kernels("auto"), STATUS_OK);
    CHECK_CASE(check_too_large(comm));
    CHECK_CASE(test_sizes(comm));
    CHECK_CASE(test_buckets(comm));
    comm_destroy(&comm);
    CHECK(mem_alive() == 0);
    return check_result();
}
