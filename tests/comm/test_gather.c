// ranks: 1 2 3 5
/* What ranks gather and fold is what one rank would have. */
#include <string.h>

#include "check.h"
#include "ddp/comm.h"
#include "ddp/mem.h"

/* Word `i` of a rank, which has 1000 * rank of them. */
static uint32_t word(int rank, int64_t i)
{
    return (uint32_t)rank << 20 | (uint32_t)i;
}

static void check_gather(struct comm *c, int root)
{
    int rank = comm_rank(c), ranks = comm_size(c);
    int64_t mine = 1000 * rank, all = 500 * ranks * (ranks - 1);
    uint32_t *words, *gathered;
    CHECK_STATUS(mem_alloc(&words, (size_t)mine + 1, sizeof *words, "test"), STATUS_OK);
    CHECK_STATUS(mem_alloc(&gathered, (size_t)all + 1, sizeof *gathered, "test"), STATUS_OK);
    for (int64_t i = 0; i < mine; i++) words[i] = word(rank, i);
    int64_t count = comm_gather_words(c, root, words, mine, rank == root ? gathered : NULL);
    CHECK(count == (rank == root ? all : 0));
    for (int64_t at = 0, r = 0; rank == root && r < ranks; r++)
        for (int64_t i = 0; i < 1000 * r; i++, at++) CHECK(gathered[at] == word((int)r, i));
    mem_free(&words), mem_free(&gathered);
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
    struct comm *c;
    CHECK_STATUS(comm_create(&c, &argc, &argv), STATUS_OK);
    for (int root = 0; root < comm_size(c); root++) check_gather(c, root);
    check_fold(c);
    comm_destroy(&c);
    CHECK(mem_alive() == 0);
    return check_result();
}
