/* bench.h - benchmarks that ship with the program, to be repeated on any machine. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdint.h>

#include "comm/comm.h"
#include "nn/model.h"

/* What the machine can do while all ranks work at the same time: rates per second, sums over the ranks. */
struct bench_memory {
    double array_bytes;       /* of one of the three arrays of a rank */
    double read, copy, triad; /* bytes named by the loops: n, 2n and 3n for arrays of n bytes */
};

struct bench_peak {
    double sgemm_flops, slowest_rank_flops; /* of the best round of products of several sizes */
    double chain_flops;                     /* multiply-adds in registers: what no kernel can exceed */
    struct bench_memory memory;             /* arrays far larger than a core's own caches */
    struct bench_memory
        main_memory; /* larger than all caches; zeros when memory is too small for such arrays */
    const char *isa, *blas;
};

/* Takes about two seconds. Every rank gets the result. Collective. Errors: STATUS_OTHER, memory. */
enum status bench_peak(struct comm *comm, struct bench_peak *peak);

struct bench_way {
    double best, median; /* seconds */
    double ratio;        /* of its time to the tree's: median of the rounds */
};

/* One optimizer step of `params` parameters, one virtual rank per rank. */
struct bench_sync {
    const char *optim;
    int64_t params, repeats;
    double
        bytes; /* that must move: all gradients are read once, parameters and slots read and written once */
    struct bench_way tree;      /* sync.method tree */
    struct bench_way allreduce; /* MPI_Allreduce and the whole update on every rank */
    struct bench_way traffic;   /* loops of all ranks at once that only read and write as many bytes */
    struct bench_way copy;      /* memcpy of half as many bytes by all ranks at once */
};

/* Runs all ways in turns, `repeats` of each after a warm-up. `optim` is a name in the registry, with default
 * arguments. Use the result of rank 0. Collective. Errors: STATUS_OTHER, memory. */
enum status bench_sync(struct comm *comm, const char *optim, int64_t params, int64_t repeats,
                       struct bench_sync *result);

struct trainer;

#define BENCH_STEP_ROWS (2 * MODEL_MAX_LAYERS + 16)

/* A line of the table: the whole step, a phase of it, or a layer in a phase. */
struct bench_step_row {
    char name[32];
    int depth;      /* 0: phase, 1: part of the phase above */
    double seconds; /* a step spends here: mean over the fastest quarter of the steps and the ranks */
    double flops;   /* of the global batch's products and convolutions; 0 if it has none */
};

struct bench_step {
    int64_t steps; /* that were measured */
    int64_t batch; /* global */
    int row_count;
    struct bench_step_row rows[BENCH_STEP_ROWS]; /* in the order of a step */
    struct bench_step_row whole;
    struct bench_peak peak; /* sgemm only */
    double resident_bytes;  /* maximum resident memory of a rank, shared windows included */
    double model_bytes;     /* of them, activations and scratch of the passes: private to each rank */
    double shared_bytes;    /* data, parameters, gradients: one copy for all ranks of a node */
};

/* Runs steps of the trainer's model for some seconds, with recording on (trace.h), interleaved with sgemm.
 * The weights are changed. Collective. Errors: STATUS_DIVERGED; STATUS_OTHER, memory. */
enum status bench_step(struct trainer *t, struct bench_step *result);

/* Cost of saving a run; times in seconds, of rank 0. */
struct bench_checkpoint {
    const char *optim;
    int64_t params;
    double bytes; /* weights and optimizer slots */
    int rounds;
    int64_t steps;             /* of a part of a round */
    double step;               /* one, with no checkpoint */
    double copy;               /* at the step's end, when all wait */
    double write, write_alone; /* to the disk: beside steps, and while all wait */
    double busy;               /* CPU time of `write`, which the steps lose if no core was free */
    double cost,
        cost_waited; /* of a checkpoint, in parallel or after the steps: time minus that of the steps */
    double slower;   /* ratio: steps during a checkpoint to steps without */
};

/* Rounds of steps alone, beside a checkpoint, and after one that was waited for. The files go to `folder`,
 * which is removed. The weights are changed. Collective. Errors: STATUS_DIVERGED; STATUS_OTHER, memory or
 * disk. */
enum status bench_checkpoint(struct trainer *t, const char *folder, struct bench_checkpoint *result);

/* One kernel on one shape. Rates are calls per second, the sum over the ranks. */
struct bench_kernel {
    char name[64];
    double flops;        /* of one call; 0 for what only moves memory */
    double bytes;        /* that one call must read and write */
    double best, median; /* the kernel */
    double roof;         /* limit by the peak of sgemm and by memory traffic */
    double sgemm;        /* sgemm on the same arithmetic; 0 if there is none */
    double peak;         /* its arithmetic as multiply-adds in registers; 0 likewise */
};

/* Runs every kernel (whose name contains `filter`, unless NULL) in turns with sgemm and with memory traffic,
 * on all ranks at once; the arithmetic of a convolution is that of the direct sum. `take` gets each result on
 * every rank. Collective. Errors: STATUS_CONFIG if no kernel has such a name; STATUS_OTHER, memory. */
enum status bench_kernels(struct comm *comm, const char *filter,
                          void (*take)(void *self, const struct bench_kernel *result), void *self);

/* Reading of a data set; times are the best of several, rates the sum over the ranks in the best round. */
struct bench_loader {
    int64_t samples, batch; /* batch: of a rank */
    double sample_bytes;    /* as stored */
    double window_bytes;    /* in memory, labels included */
    double file_bytes;      /* 0 if the data set is no file */
    double load_seconds;    /* from the file into the shared window, all ranks together */
    double read_seconds;    /* one rank reads the file once */
    double gathered,
        copied;         /* samples per second: shuffled, into normalised lanes; by memcpy of as many bytes */
    double input_bytes; /* of a sample in lanes */
};

/* Collective. Errors: those of dataset_load; STATUS_OTHER, memory. */
enum status bench_loader(struct comm *comm, const char *locator, int64_t batch, bool allow_external,
                         struct bench_loader *result);

#endif
