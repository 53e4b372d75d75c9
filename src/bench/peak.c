/* peak.c - measures the machine: sgemm, and plain loops over memory. */
#include "bench/private.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "math/blas.h"
#include "math/loop.h"
#include "core/mem.h"

#define SGEMM_LARGEST 1536
#define SGEMM_ROUNDS  5
#define CHAIN_ROUNDS  50
#define MEMORY_ROUNDS 7
#define ARRAY_BYTES   (16 << 20) /* beyond the L2 of any core */

/* The work of one rank: what is measured, on arrays of `count` floats (or for products count x count). */
struct work {
    const struct kernels *kernels;
    int64_t count;
    float *a, *b, *c;
    uint64_t sum; /* keeps the reading loop alive */
};

static void bench_peak_multiply(void *self)
{
    struct work *w = self;
    blas_gemm(false, false, w->count, w->count, w->count, w->a, w->b, 0, w->c);
}

LOOP_BODY void bench_peak_add_words_body(const uint64_t *words, int64_t count, uint64_t *sum)
{
    uint64_t added = 0;
    for (int64_t i = 0; i < count; i++) added += words[i];
    *sum += added;
}
LOOP_VERSIONS(bench_peak_add_words, (const uint64_t *words, int64_t count, uint64_t *sum),
              (words, count, sum))

static void bench_peak_read_array(void *self)
{
    struct work *w = self;
    bench_peak_add_words[w->kernels->number]((const uint64_t *)(const void *)w->a, w->count / 2, &w->sum);
}

static void bench_peak_copy_array(void *self)
{
    struct work *w = self;
    memcpy(w->b, w->a, (size_t)w->count * sizeof *w->b);
}

LOOP_BODY void bench_peak_triad_body(float *restrict a, const float *restrict b, const float *restrict c,
                                     int64_t count)
{
    for (int64_t i = 0; i < count; i++) a[i] = b[i] + 0.5f * c[i];
}
LOOP_VERSIONS(bench_peak_triad,
              (float *restrict a, const float *restrict b, const float *restrict c, int64_t count),
              (a, b, c, count))

static void bench_peak_triad_arrays(void *self)
{
    struct work *w = self;
    bench_peak_triad[w->kernels->number](w->c, w->a, w->b, w->count);
}

static double bench_peak_find_best(struct comm *comm, double *of_rank, void (*run)(void *self),
                                   struct work *w, double amount)
{
    double best = 0;
    for (int i = 0; i < MEMORY_ROUNDS; i++) best = fmax(best, bench_round(comm, of_rank, run, w, amount).sum);
    return best;
}

static void bench_peak_multiply_rounds(struct comm *comm, double *of_rank, int rounds, float *memory,
                                       struct bench_peak *peak)
{
    static const int64_t sizes[] = {512, 768, 1024, SGEMM_LARGEST};
    int64_t all = SGEMM_LARGEST * SGEMM_LARGEST, largest = SGEMM_LARGEST;
    for (int64_t i = 0; i < 2 * all; i++) memory[i] = (float)(i % 17) / 16 - 0.5f;
    for (int round = 0; round < rounds; round++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            double size = (double)sizes[i];
            struct work w = {.count = sizes[i], .a = memory, .b = memory + all, .c = memory + 2 * all};
            /* The shorter ones more often: on a shared machine they are more likely to run undisturbed. */
            for (int64_t times = largest * largest / (sizes[i] * sizes[i]); times > 0; times--) {
                struct bench_rates r =
                    bench_round(comm, of_rank, bench_peak_multiply, &w, 2 * size * size * size);
                if (r.sum <= peak->sgemm_flops) continue;
                peak->sgemm_flops = r.sum;
                peak->slowest_rank_flops = r.slowest;
            }
        }
}

enum status bench_products(struct comm *comm, int rounds, struct bench_peak *peak)
{
    double *of_rank = NULL;
    float *memory = NULL;
    size_t floats = (size_t)(3 * SGEMM_LARGEST * SGEMM_LARGEST);
    enum status status = mem_alloc(&of_rank, (size_t)comm_size(comm), sizeof *of_rank, "rates of the ranks");
    if (status == STATUS_OK) status = mem_alloc(&memory, floats, sizeof *memory, "matrices of a benchmark");
    status = comm_agree(comm, status);
    if (status == STATUS_OK) bench_peak_multiply_rounds(comm, of_rank, rounds, memory, peak);
    mem_free(&memory);
    mem_free(&of_rank);
    return status;
}

/* In about a millisecond a round. */
static void bench_peak_run_chains(void *self)
{
    struct work *w = self;
    w->sum += w->kernels->multiply_adds(w->count, 0.5f) > 0;
}

void bench_chains(struct comm *comm, const struct kernels *kernels, double *of_rank, int rounds,
                  struct bench_peak *peak)
{
    struct work w = {.kernels = kernels, .count = 50 * 1000 * 1000};
    for (int i = 0; i < rounds; i++) {
        double flops = bench_round(comm, of_rank, bench_peak_run_chains, &w, 2 * (double)w.count).sum;
        peak->chain_flops = fmax(peak->chain_flops, flops);
    }
}

static enum status bench_peak_measure_memory(struct comm *comm, const struct kernels *kernels,
                                             double *of_rank, size_t bytes, struct bench_memory *m)
{
    struct work w = {.kernels = kernels, .count = (int64_t)(bytes / sizeof(float)) / 16 * 16};
    float *memory = NULL;
    size_t floats = (size_t)(3 * w.count);
    TRY(comm_agree(comm, mem_alloc(&memory, floats, sizeof *memory, "arrays of a benchmark")));
    w.a = memory;
    w.b = memory + w.count;
    w.c = memory + 2 * w.count;
    m->array_bytes = (double)w.count * sizeof *memory;
    m->read = bench_peak_find_best(comm, of_rank, bench_peak_read_array, &w, m->array_bytes);
    m->copy = bench_peak_find_best(comm, of_rank, bench_peak_copy_array, &w, 2 * m->array_bytes);
    m->triad = bench_peak_find_best(comm, of_rank, bench_peak_triad_arrays, &w, 3 * m->array_bytes);
    mem_free(&memory);
    return STATUS_OK;
}

/* Arrays of one rank with which the ranks of a node overflow the last cache four times; 0 if they would take
 * more than a quarter of the free memory, or everything is so already. */
static size_t bench_peak_get_main_memory(const struct comm *comm)
{
    double cache = (double)sysconf(_SC_LEVEL3_CACHE_SIZE), ranks = comm_local_size(comm);
    double available = (double)sysconf(_SC_AVPHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    double bytes = 4 * cache / 3 / ranks;
    return bytes <= ARRAY_BYTES || 3 * bytes * ranks > available / 4 ? 0 : (size_t)bytes;
}

static enum status bench_peak_measure(struct comm *comm, const struct kernels *kernels, double *of_rank,
                                      struct bench_peak *peak)
{
    TRY(bench_products(comm, SGEMM_ROUNDS, peak));
    bench_chains(comm, kernels, of_rank, CHAIN_ROUNDS, peak);
    TRY(bench_peak_measure_memory(comm, kernels, of_rank, ARRAY_BYTES, &peak->memory));
    int64_t without_room = bench_peak_get_main_memory(comm) == 0;
    comm_sum_int64(comm, &without_room, 1);
    if (without_room) return STATUS_OK;
    return bench_peak_measure_memory(comm, kernels, of_rank, bench_peak_get_main_memory(comm),
                                     &peak->main_memory);
}

enum status bench_peak(struct comm *comm, struct bench_peak *peak)
{
    *peak = (struct bench_peak){0};
    blas_start();
    const struct kernels *kernels;
    TRY(comm_agree(comm, kernels_select(&kernels, "auto")));
    peak->isa = kernels->level;
    peak->blas = blas_core();
    double *of_rank = NULL;
    TRY(comm_agree(comm,
                   mem_alloc(&of_rank, (size_t)comm_size(comm), sizeof *of_rank, "rates of the ranks")));
    enum status status = bench_peak_measure(comm, kernels, of_rank, peak);
    mem_free(&of_rank);
    return status;
}
