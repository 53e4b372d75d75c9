/* bench.h - measurements that ship with the program, so that anyone can repeat them on their machine. */
#ifndef DDP_BENCH_H
#define DDP_BENCH_H

#include <stdint.h>

#include "ddp/comm.h"

/* What the machine can do while all ranks work at the same time: rates per second, sums over the ranks. */
struct bench_memory {
    double array_bytes;       /* of one of the three arrays of a rank */
    double read, copy, triad; /* bytes named by the loops: n, 2n and 3n for arrays of n bytes */
};

struct bench_peak {
    double sgemm_flops, slowest_rank_flops; /* of the best round of products of several sizes */
    struct bench_memory memory;             /* arrays far larger than a core's own caches */
    struct bench_memory main_memory; /* larger than all caches; zeros when there is no room for such arrays */
    const char *isa, *blas;
};

/* About two seconds. Every rank gets the result. Collective. Errors: STATUS_OTHER, memory. */
enum status bench_peak(struct comm *comm, struct bench_peak *peak);

/* Gradient synchronisation plus SGD-momentum update of `params` parameters, one virtual rank per rank: the
 * tree against MPI_Allreduce with a replicated update, in turns, `repeats` of each after a warm-up. Rank 0
 * prints best and median of both and their ratios. Collective. */
enum status bench_sync(struct comm *comm, int64_t params, int64_t repeats);

#endif
