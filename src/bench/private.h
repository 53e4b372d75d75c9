/* private.h - what the benchmarks share. */
#ifndef BENCH_PRIVATE_H
#define BENCH_PRIVATE_H

#include "bench/bench.h"

/* bench_peak.c: some rounds of products by sgemm on all ranks at once, into the first two members of *peak if they beat
 * what is there. Benchmarks call it between their own rounds: a share of the peak means that of the same minutes.
 * Collective. Errors: STATUS_OTHER, memory. */
enum status bench_products(struct comm *comm, int rounds, struct bench_peak *peak);

/* bench_round.c: all ranks do the same amount of work at the same time; the rates are amounts per second. of_rank
 * [ranks] is room. Collective. */
struct bench_rates {
    double sum, slowest; /* over the ranks, and of one */
};
struct bench_rates bench_round(struct comm *comm, double *of_rank, void (*run)(void *self), void *self,
                               double amount);

/* bench_step.c: so many steps of a run that has taken *position of them. The learning rate is small: random labels must not make
 * the loss diverge. Collective. Errors: STATUS_DIVERGED. */
enum status bench_steps(struct trainer *t, int64_t *position, int64_t count);

/* Ascending. */
void bench_sort(double *values, int64_t count);

#endif
