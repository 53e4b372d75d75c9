// ranks: 1 2 3 5
/* test_gather.c - what ranks gather and fold is what a single process would have. */
#include <string.h>

#include "check.h"
#include "comm/comm.h"
#include "core/mem.h"

#define MANY ((1 << 24) + 5) /* more than go in one message */

/* Word `i` of a rank. */
static uint32_t word(int rank, int64_t i)
{
    return (uint32_t)rank << 28 | (uint32_t)i;
}

/* A rank has `share` * rank of them. */
static void check_gather(struct comm *c, int root, int64_t share)
{
    int rank = comm_rank(c), ranks = comm_size(c);
    int64_t mine = share * rank, all = share * ranks * (ranks - 1) / 2, wrong = 0;
    uint32_t *words, *gathered;
    CHECK_STATUS(mem_alloc(&words, (size_t)mine + 1, sizeof *words, "test"), STATUS_OK);
    CHECK_STATUS(mem_alloc(&gathered, (size_t)all + 1, sizeof *gathered, "test"), STATUS_OK);
    for (int64_t i = 0; i < mine; i++) words[i] = word(rank, i);
    int64_t count = comm_gather_words(c, root, words, mine, rank == root ? gathered : NULL);
    CHECK(count == (rank == root ? all : 0));
    for (int64_t at = 0, r = 0; rank == root && r < ranks; r++)
        for (int64_t i = 0; i < share * r; i++, at++) wrong += gathered[at] != word((int)r, i);
    CHECK(wrong == 0);
    mem_free(&words), mem_free(&gathered);
}

/* Rank 0 sees what rank r has, count * (r + 1) values from r * 1000 on, rank after rank. */
struct seen {
    int64_t count, wrong;
    int ranks;
};

static void see(void *self, const float *values, int64_t count)
{
    struct seen *s = self;
    s->wrong += count != s->count * (s->ranks + 1);
    for (int64_t i = 0; i < count; i++) s->wrong += values[i] != (float)((s->ranks * 1000 + i) % MANY);
    s->ranks++;
}

static void check_turns(struct comm *c, int64_t count)
{
    float *mine, *room;
    int64_t all = count * (comm_rank(c) + 1);
    struct seen seen = {.count = count};
    CHECK_STATUS(mem_alloc(&mine, (size_t)all + 1, sizeof *mine, "test"), STATUS_OK);
    CHECK_STATUS(mem_alloc(&room, (size_t)(count * comm_size(c)) + 1, sizeof *room, "test"), STATUS_OK);
    for (int64_t i = 0; i < all; i++) mine[i] = (float)((comm_rank(c) * 1000 + i) % MANY);
    comm_gather_floats(c, mine, all, comm_rank(c) == 0 ? room : NULL, see, &seen);
    CHECK(seen.ranks == (comm_rank(c) == 0 ? comm_size(c) : 0) && seen.wrong == 0);
    mem_free(&mine), mem_free(&room);
}

static void check_sums(struct comm *c, int64_t count)
{
    int64_t *integers, wrong = 0, ranks = comm_size(c);
    CHECK_STATUS(mem_alloc(&integers, (size_t)count, sizeof *integers, "test"), STATUS_OK);
    for (int64_t i = 0; i < count; i++) integers[i] = i * (comm_rank(c) + 1);
    comm_sum_int64(c, integers, count);
    for (int64_t i = 0; i < count; i++) wrong += integers[i] != i * ranks * (ranks + 1) / 2;
    double *doubles = (double *)(void *)integers;
    for (int64_t i = 0; i < count; i++) doubles[i] = i % ranks == comm_rank(c) ? (double)i / 3 : 0;
    comm_merge_doubles(c, doubles, count);
    for (int64_t i = 0; i < count; i++) wrong += doubles[i] != (double)i / 3;
    CHECK(wrong == 0);
    mem_free(&integers);
}

/* Neither commutative nor associative. */
static void add(void *self, double *values)
{
    const double *mine = self;
    for (int i = 0; i < 3; i++) values[i] = values[i] / 3 + mine[i];
}

static void check_fold(struct comm *c)
{
    double values[3] = {0}, want[3] = {0}, mine[3];
    for (int r = 0; r < comm_size(c); r++) {
        for (int i = 0; i < 3; i++) mine[i] = r + 0.1 * i;
        add(mine, want);
    }
    for (int i = 0; i < 3; i++) mine[i] = comm_rank(c) + 0.1 * i;
    comm_fold_doubles(c, values, 3, add, mine);
    CHECK(memcmp(values, want, sizeof want) == 0);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    struct comm *c;
    CHECK_STATUS(comm_create(&c, &argc, &argv), STATUS_OK);
    for (int root = 0; root < comm_size(c); root++) CHECK_CASE(check_gather(c, root, 1000));
    if (comm_size(c) == 2) CHECK_CASE(check_gather(c, 0, MANY));
    CHECK_CASE(check_turns(c, 0));
    CHECK_CASE(check_turns(c, 1000));
    if (comm_size(c) == 2) CHECK_CASE(check_turns(c, MANY / 2 + 1));
    CHECK_CASE(check_sums(c, comm_size(c) == 2 ? MANY : 1000));
    CHECK_CASE(check_fold(c));
    comm_destroy(&c);
    CHECK(mem_alive() == 0);
    return check_result();
}
