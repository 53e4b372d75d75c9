/* sync.c - compares sync with MPI_Allreduce and with memory bandwidth. */
#include <math.h>
#include <string.h>

#include "core/system/clock.h"
#include "math/loop.h"
#include "core/mem.h"
#include "optim/optim.h"
#include "comm/sync/sync.h"
#include "bench/private.h"

enum { TREE, ALLREDUCE, TRAFFIC, COPY, WAYS };

struct contest {
    const struct kernels *kernels;
    struct comm *comm;
    struct sync *sync[ALLREDUCE + 1];
    const struct optim_ops *optim;
    struct optim_step step;
    int64_t params;
    double *seconds[WAYS]; /* [repeats] */
    double *ratios;        /* [repeats] */

    /* What one rank has to read, and to read and write, when all do their share. */
    int64_t reads, updates;
    uint32_t *words; /* [reads + 2 * updates] */
    uint32_t sum;    /* keeps the reading loop alive */
};

static void bench_sync_fill_zero(void *self, float *params)
{
    (void)self, (void)params; /* blocks come zeroed */
}

static void bench_sync_update(void *self, int64_t first, int64_t count, float *params, const float *grads,
                              float *const slots[SYNC_SLOTS])
{
    const struct contest *c = self;
    (void)first;
    optim_update(&c->step, count, params, grads, slots);
}

/* The record of a virtual rank is a number. */
static void bench_sync_add_numbers(void *sum, const void *record)
{
    *(int64_t *)sum += *(const int64_t *)record;
}

static void bench_sync_synchronise(struct contest *c, int method)
{
    struct sync *s = c->sync[method];
    int64_t one = 1, all;
    sync_group_done(s, &one, (struct sync_requests){0});
    sync_collect(s, &all);
    sync_apply(s, bench_sync_update, c);
}

LOOP_BODY void bench_sync_add_words_body(const uint32_t *words, int64_t count, uint32_t *sum)
{
    uint32_t added = 0;
    for (int64_t i = 0; i < count; i++) added += words[i];
    *sum += added;
}
LOOP_VERSIONS(bench_sync_add_words, (const uint32_t *words, int64_t count, uint32_t *sum),
              (words, count, sum))

LOOP_BODY void bench_sync_increment_words_body(uint32_t *words, int64_t count)
{
    for (int64_t i = 0; i < count; i++) words[i]++;
}
LOOP_VERSIONS(bench_sync_increment_words, (uint32_t * words, int64_t count), (words, count))

static void bench_sync_run_way(struct contest *c, int way)
{
    if (way == TRAFFIC) {
        bench_sync_add_words[c->kernels->number](c->words, c->reads, &c->sum);
        bench_sync_increment_words[c->kernels->number](c->words + c->reads, c->updates);
    } else if (way == COPY) {
        int64_t half = c->reads / 2 + c->updates;
        memcpy(c->words + half, c->words, (size_t)half * sizeof *c->words);
    } else {
        bench_sync_synchronise(c, way);
    }
}

static double bench_sync_time_way(struct contest *c, int way)
{
    if (way == TREE || way == ALLREDUCE) { /* the gradient is where the backward pass leaves it */
        float *gradient = sync_gradient(c->sync[way]);
        for (int64_t i = 0; i < c->params; i++) gradient[i] = 1e-3f;
    }
    comm_barrier(c->comm);
    double start = clock_seconds();
    bench_sync_run_way(c, way);
    comm_barrier(c->comm);
    return clock_seconds() - start;
}

/* Sorts `values`. */
static double bench_sync_median(double *values, int64_t count)
{
    bench_sort(values, count);
    return values[count / 2];
}

static void bench_sync_summarise(struct contest *c, int64_t repeats, struct bench_way ways[WAYS])
{
    for (int w = WAYS - 1; w >= TREE;
         w--) { /* the tree's times stay in order until the others are compared */
        for (int64_t i = 0; i < repeats; i++) c->ratios[i] = c->seconds[w][i] / c->seconds[TREE][i];
        double median = bench_sync_median(c->seconds[w], repeats);
        ways[w] = (struct bench_way){c->seconds[w][0], median, bench_sync_median(c->ratios, repeats)};
    }
}

static enum status bench_sync_prepare(struct contest *c, int64_t repeats)
{
    struct comm *comm = c->comm;
    int ranks = comm_size(comm);
    for (int w = 0; w < WAYS; w++)
        TRY(comm_agree(comm, mem_alloc(&c->seconds[w], (size_t)repeats, sizeof(double), "times")));
    TRY(comm_agree(comm, mem_alloc(&c->ratios, (size_t)repeats, sizeof(double), "times")));
    for (int m = TREE; m <= ALLREDUCE; m++) {
        struct sync_spec spec = {.kernels = c->kernels,
                                 .count = c->params,
                                 .slots = c->optim->slots,
                                 .virtual_ranks = ranks,
                                 .max_group = 1,
                                 .tree = m == TREE,
                                 .record_bytes = sizeof(int64_t),
                                 .add = bench_sync_add_numbers};
        TRY(sync_create(&c->sync[m], comm, &spec));
        sync_fill_params(c->sync[m], bench_sync_fill_zero, NULL);
    }
    c->reads = c->params;
    c->updates = c->params / ranks * (1 + c->optim->slots);
    int64_t words = c->reads + 2 * c->updates;
    return comm_agree(comm, mem_alloc(&c->words, (size_t)words, sizeof *c->words, "memory traffic"));
}

static void bench_sync_release(struct contest *c)
{
    for (int m = TREE; m <= ALLREDUCE; m++) sync_destroy(&c->sync[m]);
    for (int w = 0; w < WAYS; w++) mem_free(&c->seconds[w]);
    mem_free(&c->ratios);
    mem_free(&c->words);
}

enum status bench_sync(struct comm *comm, const char *optim, int64_t params, int64_t repeats,
                       struct bench_sync *result)
{
    double args[ARG_MAX];
    struct contest c = {.comm = comm, .optim = optim_find(optim), .params = mem_round_floats(params)};
    arg_defaults(c.optim->args, args);
    TRY(comm_agree(comm, kernels_select(&c.kernels, "auto")));
    c.step = optim_begin(c.kernels, c.optim, args, args[0], 0, 1);

    enum status status = bench_sync_prepare(&c, repeats);
    if (status == STATUS_OK) {
        for (int64_t i = -3; i < repeats; i++)
            for (int w = 0; w < WAYS; w++) {
                double seconds = bench_sync_time_way(&c, w);
                if (i >= 0) c.seconds[w][i] = seconds;
            }
        struct bench_way ways[WAYS];
        bench_sync_summarise(&c, repeats, ways);
        *result = (struct bench_sync){.optim = optim,
                                      .params = c.params,
                                      .repeats = repeats,
                                      .bytes = 4.0 * comm_size(comm) * (double)(c.reads + 2 * c.updates),
                                      .tree = ways[TREE],
                                      .allreduce = ways[ALLREDUCE],
                                      .traffic = ways[TRAFFIC],
                                      .copy = ways[COPY]};
    }
    bench_sync_release(&c);
    return status;
}
