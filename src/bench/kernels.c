/* kernels.c - runs each kernel in turns with sgemm of the same arithmetic and with its unavoidable memory
 * traffic. */
#include <math.h>
#include <string.h>

#include "math/blas.h"
#include "math/loop.h"
#include "core/system/clock.h"
#include "core/mem.h"
#include "bench/case.h"
#include "bench/private.h"

#define ROUNDS        7
#define ROUND_SECONDS 1e-3
#define COLUMNS_MAX   4096 /* of sgemm's matrices: more only cost memory */

enum { KERNEL, SGEMM, TRAFFIC, WAYS };

struct contest {
    const struct kernels *kernels;
    struct comm *comm;
    double *of_rank; /* [ranks] */
    struct bench_peak peak;
    const struct bench_case *at;
    int64_t calls;    /* in a round */
    float *memory;    /* of the kernel */
    float *a, *b, *c; /* of sgemm */
    char *from, *to;  /* of the traffic */
    volatile uint64_t sum;
};

static void bench_kernels_run(void *self)
{
    const struct contest *c = self;
    for (int64_t i = 0; i < c->calls; i++) c->at->run(c->at);
}

static void bench_kernels_run_sgemm(void *self)
{
    const struct contest *c = self;
    for (int64_t i = 0; i < c->calls; i++)
        blas_gemm(false, false, c->at->m, c->at->n, c->at->k, c->a, c->b, 0, c->c);
}

LOOP_BODY void bench_kernels_add_words_body(const uint64_t *words, int64_t count, uint64_t *sum)
{
    uint64_t added = 0;
    for (int64_t i = 0; i < count; i++) added += words[i];
    *sum += added;
}
LOOP_VERSIONS(bench_kernels_add_words, (const uint64_t *words, int64_t count, uint64_t *sum),
              (words, count, sum))

/* What is read and what is written, as far as they go together as a copy. */
static void bench_kernels_run_traffic(void *self)
{
    struct contest *c = self;
    int64_t read = c->at->read, written = c->at->written, both = read < written ? read : written;
    for (int64_t i = 0; i < c->calls; i++) {
        memcpy(c->to, c->from, (size_t)both);
        memset(c->to + both, (int)i, (size_t)(written - both));
        const void *rest = c->from + both / 8 * 8;
        uint64_t sum = 0;
        bench_kernels_add_words[c->kernels->number](rest, (read - both) / 8, &sum);
        c->sum += sum;
    }
}

/* Operands of the kernel, one behind the other, with numbers that neither overflow nor become denormal. */
static enum status bench_kernels_place_operands(struct contest *c, struct bench_case *k)
{
    int64_t sizes[] = {k->x_floats, k->y_floats, k->weight_floats, k->scratch_floats}, all = 0;
    float **parts[] = {&k->x, &k->y, &k->weight, &k->scratch};
    for (int i = 0; i < 4; i++) all += mem_round_floats(sizes[i]);
    TRY(mem_alloc(&c->memory, (size_t)all, sizeof(float), "operands of a kernel"));
    for (int64_t i = 0; i < all - mem_round_floats(k->scratch_floats); i++)
        c->memory[i] = (float)(i % 17 - 8) / 64;
    float *at = c->memory;
    for (int i = 0; i < 4; i++) {
        *parts[i] = at;
        at += mem_round_floats(sizes[i]);
    }
    return STATUS_OK;
}

/* sgemm takes the same product, with its longest side cut. */
static enum status bench_kernels_prepare(struct contest *c, struct bench_case *k)
{
    int64_t *longest = k->k > k->n ? &k->k : &k->n;
    if (*longest > COLUMNS_MAX) *longest = COLUMNS_MAX;
    TRY(bench_kernels_place_operands(c, k));
    TRY(mem_alloc(&c->from, (size_t)k->read, 1, "traffic"));
    TRY(mem_alloc(&c->to, (size_t)k->written, 1, "traffic"));
    TRY(mem_alloc(&c->a, (size_t)(k->m * k->k), sizeof(float), "matrices of a benchmark"));
    TRY(mem_alloc(&c->b, (size_t)(k->k * k->n), sizeof(float), "matrices of a benchmark"));
    return mem_alloc(&c->c, (size_t)(k->m * k->n), sizeof(float), "matrices of a benchmark");
}

static void bench_kernels_release(struct contest *c)
{
    void *all[] = {&c->memory, &c->from, &c->to, &c->a, &c->b, &c->c};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) mem_free(all[i]);
}

/* Enough calls for a round to be timed, the same on every rank. */
static void bench_kernels_choose_calls(struct contest *c, void (*run)(void *self))
{
    c->calls = 1;
    run(c); /* memory and clock warm up */
    double start = clock_seconds();
    run(c);
    double seconds = clock_seconds() - start;
    int64_t calls = seconds < ROUND_SECONDS ? (int64_t)(ROUND_SECONDS / fmax(seconds, 1e-7)) : 1;
    if (comm_rank(c->comm) != 0) calls = 0;
    comm_sum_int64(c->comm, &calls, 1);
    c->calls = calls;
}

static void bench_kernels_measure(struct contest *c, const struct bench_case *k, struct bench_kernel *result)
{
    static void (*const run[WAYS])(void *self) = {bench_kernels_run, bench_kernels_run_sgemm,
                                                  bench_kernels_run_traffic};
    double rates[WAYS][ROUNDS] = {{0}};
    int64_t calls[WAYS];
    c->at = k;
    for (int way = 0; way < WAYS; way++) {
        if (way == SGEMM && k->m == 0) continue;
        bench_kernels_choose_calls(c, run[way]);
        calls[way] = c->calls;
    }
    for (int round = 0; round < ROUNDS; round++) {
        if (k->m > 0) bench_chains(c->comm, c->kernels, c->of_rank, 1, &c->peak);
        for (int way = 0; way < WAYS; way++) {
            if (way == SGEMM && k->m == 0) continue;
            c->calls = calls[way];
            rates[way][round] = bench_round(c->comm, c->of_rank, run[way], c, (double)c->calls).sum;
        }
    }
    for (int way = 0; way < WAYS; way++) bench_sort(rates[way], ROUNDS);

    result->best = rates[KERNEL][ROUNDS - 1];
    result->median = rates[KERNEL][ROUNDS / 2];
    result->roof = rates[TRAFFIC][ROUNDS - 1];
    if (k->m == 0) return;
    double sgemm_flops = rates[SGEMM][ROUNDS - 1] * 2 * (double)k->m * (double)k->n * (double)k->k;
    result->sgemm = sgemm_flops / k->flops;
    result->peak = c->peak.chain_flops / k->flops;
    c->peak.sgemm_flops = fmax(c->peak.sgemm_flops, sgemm_flops);
    result->roof = fmin(result->roof, c->peak.sgemm_flops / k->flops);
}

static enum status bench_kernels_run_cases(struct contest *c, struct bench_case *cases, const char *filter,
                                           void (*take)(void *self, const struct bench_kernel *result),
                                           void *self)
{
    int count = bench_case_list(c->kernels, cases), matches = 0;
    for (int i = 0; i < count; i++) {
        struct bench_case *k = &cases[i];
        if (filter && !strstr(k->name, filter)) continue;
        if (matches++ == 0) TRY(bench_products(c->comm, 3, &c->peak));
        struct bench_kernel result = {.flops = k->flops, .bytes = (double)(k->read + k->written)};
        memcpy(result.name, k->name, sizeof result.name);
        enum status status = comm_agree(c->comm, bench_kernels_prepare(c, k));
        if (status == STATUS_OK) bench_kernels_measure(c, k, &result);
        bench_kernels_release(c);
        TRY(status);
        take(self, &result);
    }
    if (matches) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "bench kernels: no kernel's name contains '%s'", filter);
}

enum status bench_kernels(struct comm *comm, const char *filter,
                          void (*take)(void *self, const struct bench_kernel *result), void *self)
{
    struct contest c = {.comm = comm};
    struct bench_case *cases = NULL;
    blas_start();
    TRY(comm_agree(comm, kernels_select(&c.kernels, "auto")));
    enum status status =
        mem_alloc(&c.of_rank, (size_t)comm_size(comm), sizeof *c.of_rank, "rates of the ranks");
    if (status == STATUS_OK) status = mem_alloc(&cases, BENCH_CASES, sizeof *cases, "kernels");
    status = comm_agree(comm, status);
    if (status == STATUS_OK) status = bench_kernels_run_cases(&c, cases, filter, take, self);
    mem_free(&cases);
    mem_free(&c.of_rank);
    return status;
}
