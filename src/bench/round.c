/* round.c - one measured round over all ranks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/system/clock.h"
#include "bench/private.h"

struct bench_rates bench_round(struct comm *comm, double *of_rank, void (*run)(void *self), void *self,
                               double amount)
{
    struct bench_rates r = {.slowest = INFINITY};
    int ranks = comm_size(comm);
    memset(of_rank, 0, (size_t)ranks * sizeof *of_rank);
    comm_barrier(comm);
    double start = clock_seconds();
    run(self);
    of_rank[comm_rank(comm)] = amount / (clock_seconds() - start);
    comm_merge_doubles(comm, of_rank, ranks);
    for (int i = 0; i < ranks; i++) {
        r.sum += of_rank[i];
        if (of_rank[i] < r.slowest) r.slowest = of_rank[i];
    }
    return r;
}

static int bench_compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void bench_sort(double *values, int64_t count)
{
    qsort(values, (size_t)count, sizeof *values, bench_compare_doubles);
}
