// ranks: 1 2 3 5
/* test_sync_audit.c - one flipped bit in one copy of the parameters is found by the next comparison, even if
 * later steps have overwritten it, and the message names the node that differs from the majority. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "kernels.h"
#include "core/mem.h"
#include "comm/sync/sync.h"

#define LEAVES 13
#define STEPS  4

static void fill(void *self, float *params)
{
    const int64_t *count = self;
    for (int64_t i = 0; i < *count; i++) params[i] = (float)i / 1000;
}

static void update(void *self, int64_t first, int64_t count, float *params, const float *grads,
                   float *const slots[SYNC_SLOTS])
{
    (void)self, (void)first, (void)slots;
    for (int64_t i = 0; i < count; i++) params[i] -= 0.01f * grads[i];
}

/* The records of the virtual ranks say nothing. */
static void add_nothing(void *sum, const void *record)
{
    (void)sum, (void)record;
}

static struct sync *create(struct comm *comm, int64_t count, bool tree)
{
    struct sync *s = NULL;
    struct sync_spec spec = {.kernels = kernels,
                             .count = count,
                             .slots = 1,
                             .virtual_ranks = LEAVES,
                             .max_group = 1,
                             .tree = tree,
                             .record_bytes = 1,
                             .add = add_nothing};
    CHECK_STATUS(sync_create(&s, comm, &spec), STATUS_OK);
    sync_fill_params(s, fill, &count);
    CHECK_STATUS(sync_audit(s), STATUS_OK);
    return s;
}

static void take_step(struct sync *s, int64_t count, bool skipped)
{
    for (struct tree_node g = sync_group(s); g.lo < g.hi; g = sync_group(s)) {
        sync_params(s);
        float *gradient = sync_gradient(s);
        for (int64_t i = 0; i < count; i++) gradient[i] = (float)(g.lo + i % 7);
        sync_group_done(s, "", (struct sync_requests){0});
    }
    char sum;
    sync_collect(s, &sum);
    if (skipped)
        sync_skip(s);
    else
        sync_apply(s, update, NULL);
}

/* A case: the copy of `holder` has bit `bit` of parameter `place` flipped after `after` steps. */
struct flip {
    int holder, after, bit;
    int64_t place;
};

static void flip_bit(struct sync *s, struct comm *comm, bool tree, const struct flip *f)
{
    float *params = sync_params(s);
    comm_barrier(comm); /* all have taken the step */
    bool mine =
        tree ? comm_node(comm) == f->holder && comm_local_rank(comm) == 0 : comm_rank(comm) == f->holder;
    uint32_t word;
    if (mine) {
        memcpy(&word, &params[f->place], sizeof word);
        word ^= (uint32_t)1 << f->bit;
        memcpy(&params[f->place], &word, sizeof word);
    }
    comm_barrier(comm);
}

static void check_message(int copies, bool tree, const struct flip *f)
{
    char who[32];
    snprintf(who, sizeof who, "%s %d (", tree ? "node" : "rank", f->holder);
    CHECK(strstr(status_text(), who) != NULL);
    if (copies > 2) {
        CHECK(strncmp(status_text(), who, strlen(who)) == 0);
        CHECK(strstr(status_text(), ") held other weights than the other ") != NULL);
    } else {
        CHECK(strstr(status_text(), " held different weights") != NULL);
    }
}

/* The comparison after each step finds nothing before the flip, and the flip by the comparison after `until`
 * steps. */
static void check_flip(struct comm *comm, int64_t count, bool tree, const struct flip *f, int until)
{
    struct sync *s = create(comm, count, tree);
    struct sync_difference found = {-1, -1};
    int copies = tree ? comm_nodes(comm) : comm_size(comm);
    for (int step = 0; step < until; step++) {
        if (step == f->after) flip_bit(s, comm, tree, f);
        take_step(s, count, step == 1);
        if (step < f->after) CHECK_STATUS(sync_compare(s, &found), STATUS_OK);
    }
    if (until == f->after) flip_bit(s, comm, tree, f);
    CHECK(found.first == -1);
    if (copies == 1) {
        CHECK_STATUS(sync_compare(s, &found), STATUS_OK);
    } else {
        CHECK_STATUS(sync_compare(s, &found), STATUS_DIFFERS);
        CHECK(found.first <= f->place && f->place < found.first + found.count && found.count <= 4096);
        if (until == f->after) CHECK(found.count == 1);
        check_message(copies, tree, f);
    }
    sync_destroy(&s);
}

static void check_flips(struct comm *comm, int64_t count, bool tree)
{
    int copies = tree ? comm_nodes(comm) : comm_size(comm);
    for (int after = 0; after <= STEPS; after += 2)
        for (int until = after; until <= STEPS && until <= after + 2; until += 2) {
            int last = copies - 1;
            const struct flip flips[] = {
                {0, after, 0, 0}, {last, after, 31, count - 1}, {last / 2, after, 22, count / 3}};
            for (int i = 0; i < 3; i++) check_flip(comm, count, tree, &flips[i], until);
        }
}

/* Two wrong copies of four or five, at different places and at the same one. */
static void check_two(struct comm *comm, int64_t second_place)
{
    const int64_t count = 1024;
    struct sync *s = create(comm, count, true);
    struct sync_difference found;
    flip_bit(s, comm, true, &(struct flip){1, 0, 3, 100});
    flip_bit(s, comm, true, &(struct flip){3, 0, 4, second_place});
    CHECK_STATUS(sync_compare(s, &found), STATUS_DIFFERS);
    CHECK(found.first == 100 && found.count == 1);
    if (second_place == 100 && comm_nodes(comm) == 4)
        CHECK(strncmp(status_text(), "node 0 (", 8) == 0 && strstr(status_text(), "held different") != NULL);
    else
        CHECK(strncmp(status_text(), "node 1 (", 8) == 0 && strstr(status_text(), "held") != NULL);
    CHECK((strstr(status_text(), "node 3 (") != NULL) == (second_place == 100));
    sync_destroy(&s);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    struct comm *comm;
    CHECK_STATUS(comm_create(&comm, &argc, &argv), STATUS_OK);
    CHECK_STATUS(select_kernels("auto"), STATUS_OK);
    CHECK_CASE(check_flips(comm, 1024, false));
    for (int64_t ranks_per_node = 0; ranks_per_node <= 3; ranks_per_node++) {
        CHECK_STATUS(comm_split_nodes(comm, ranks_per_node), STATUS_OK);
        CHECK_CASE(check_flips(comm, 16, true));
        CHECK_CASE(check_flips(comm, 5008, true));
        if (ranks_per_node == 2) CHECK_CASE(check_flips(comm, 140000, true)); /* several buckets */
        if (comm_nodes(comm) > 3) {
            CHECK_CASE(check_two(comm, 100));
            CHECK_CASE(check_two(comm, 900));
        }
    }
    comm_destroy(&comm);
    CHECK(mem_alive() == 0);
    return check_result();
}
