/* bench.h - measurements that ship with the program, so that anyone can repeat them on their machine. */
#ifndef DDP_BENCH_H
#define DDP_BENCH_H

#include <stdint.h>

#include "ddp/comm.h"

/* Gradient synchronisation plus SGD-momentum update of `params` parameters, one virtual rank per rank: the
 * tree against MPI_Allreduce with a replicated update, in turns, `repeats` of each after a warm-up. Rank 0
 * prints best and median of both and their ratios. Collective. */
enum status bench_sync(struct comm *comm, int64_t params, int64_t repeats);

#endif
