/* private.h - functions shared by the benchmarks. */
#ifndef BENCH_PRIVATE_H
#define BENCH_PRIVATE_H

#include "bench/bench.h"

/* peak.c: some rounds of products by sgemm on all ranks at once, into the first two members of *peak if they
 * beat what is there. Benchmarks call it between their own rounds: shares of the peak refer to the same
 * minutes. Collective. Errors: STATUS_OTHER, memory. */
enum status bench_products(struct comm *comm, int rounds, struct bench_peak *peak);

/* The same with multiply-adds in registers. of_rank [ranks] is scratch. Collective. */
void bench_chains(struct comm *comm, const struct kernels *kernels, double *of_rank, int rounds,
                  struct bench_peak *peak);

/* round.c: all ranks do the same amount of work at the same time; the rates are amounts per second. of_rank
 * [ranks] is scratch. Collective. */
struct bench_rates {
    double sum, slowest; /* over the ranks, and of one */
};
struct bench_rates bench_round(struct comm *comm, double *of_rank, void (*run)(void *self), void *self,
                               double amount);

/* step.c: runs `count` steps of a run that has done *position of them. The learning rate is small: the loss
 * must not diverge on random labels. Collective. Errors: STATUS_DIVERGED. */
enum status bench_steps(struct trainer *t, int64_t *position, int64_t count);

/* Sorts in ascending order. */
void bench_sort(double *values, int64_t count);

#endif
