#include "ddp/bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "ddp/clock.h"
#include "ddp/kernels.h"
#include "ddp/mem.h"
#include "ddp/optim.h"
#include "ddp/sync.h"

enum { TREE, ALLREDUCE, METHODS };

struct contest {
    struct comm *comm;
    struct sync *sync[METHODS];
    double *seconds[METHODS]; /* [repeats] */
    const struct optim_ops *optim;
    struct optim_step step;
    int64_t params;
};

static void fill_zero(void *self, float *params)
{
    (void)self, (void)params; /* blocks come zeroed */
}

static void update(void *self, int64_t count, float *params, const float *grads,
                   float *const slots[SYNC_SLOTS])
{
    const struct contest *c = self;
    c->optim->update(&c->step, count, params, grads, slots);
}

static double time_step(struct contest *c, int method)
{
    struct sync *s = c->sync[method];
    float *gradient = sync_gradient(s);
    for (int64_t i = 0; i < c->params; i++) gradient[i] = 1e-3f;
    comm_barrier(c->comm);
    double start = clock_seconds();
    sync_group_done(s, &(struct loss_sums){.weight = 1, .count = 1});
    sync_collect(s);
    sync_apply(s, update, c);
    comm_barrier(c->comm);
    return clock_seconds() - start;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print(struct contest *c, int64_t repeats)
{
    double best[METHODS], median[METHODS];
    for (int m = 0; m < METHODS; m++) {
        qsort(c->seconds[m], (size_t)repeats, sizeof(double), by_value);
        best[m] = c->seconds[m][0] * 1e3;
        median[m] = c->seconds[m][repeats / 2] * 1e3;
    }
    printf(
        "synchronisation and SGD-momentum update of %lld parameters, %d ranks on %d node%s, %lld repeats\n",
        (long long)c->params, comm_size(c->comm), comm_nodes(c->comm), comm_nodes(c->comm) == 1 ? "" : "s",
        (long long)repeats);
    printf("%-28s %10s %10s\n", "", "best ms", "median ms");
    printf("%-28s %10.3f %10.3f\n", "MPI_Allreduce, replicated", best[ALLREDUCE], median[ALLREDUCE]);
    printf("%-28s %10.3f %10.3f\n", "tree, sliced", best[TREE], median[TREE]);
    printf("%-28s %9.2fx %9.2fx\n", "times faster", best[ALLREDUCE] / best[TREE],
           median[ALLREDUCE] / median[TREE]);
}

static enum status prepare(struct contest *c, int64_t repeats)
{
    TRY(comm_agree(c->comm, kernels_select("auto")));
    for (int m = 0; m < METHODS; m++) {
        TRY(comm_agree(c->comm, mem_alloc(&c->seconds[m], (size_t)repeats, sizeof(double), "times")));
        TRY(sync_create(&c->sync[m], c->comm, c->params, c->optim->slots, comm_size(c->comm), 1, m == TREE));
        sync_fill_params(c->sync[m], fill_zero, NULL);
    }
    return STATUS_OK;
}

enum status bench_sync(struct comm *comm, int64_t params, int64_t repeats)
{
    const double args[ARG_MAX] = {0.1, 0.9}; /* learning rate, momentum */
    struct contest c = {.comm = comm,
                        .optim = optim_find("sgd"),
                        .step = optim_begin(optim_find("sgd"), args, args[0], 0, 1),
                        .params = mem_round_floats(params)};
    enum status status = prepare(&c, repeats);
    if (status == STATUS_OK) {
        for (int64_t i = -3; i < repeats; i++)
            for (int m = 0; m < METHODS; m++) {
                double seconds = time_step(&c, m);
                if (i >= 0) c.seconds[m][i] = seconds;
            }
        if (comm_rank(comm) == 0) print(&c, repeats);
    }
    for (int m = 0; m < METHODS; m++) {
        sync_destroy(&c.sync[m]);
        mem_free(&c.seconds[m]);
    }
    return status;
}
