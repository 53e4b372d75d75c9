/* stragglers.c - finds a rank that keeps the others waiting. */
#include "train/trainer/stragglers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/system/cores.h"
#include "core/mem.h"
#include "train/trainer/private.h"

#define TOO_SLOW     1.2 /* times the median */
#define FAR_OUT      3.0 /* times the median distance from the median */
#define WORTH_SAYING 1.0 /* ms lost per step */
#define CORE_SECONDS 3.0 /* of computing between two judgements */
#define CORE_SHARE   0.8 /* of a core: less is worth saying */

static int stragglers_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double stragglers_find_median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, stragglers_compare);
    return values[(count - 1) / 2];
}

bool stragglers_judge(double *ms, double *scratch, int ranks, struct rank_times *times)
{
    int slowest = 0;
    for (int r = 1; r < ranks; r++)
        if (ms[r] > ms[slowest]) slowest = r;
    times->slowest = slowest;
    times->median = stragglers_find_median(ms, ranks);
    times->min = ms[0];
    times->max = ms[ranks - 1];
    for (int r = 0; r < ranks; r++) scratch[r] = fabs(ms[r] - times->median);
    double spread = stragglers_find_median(scratch, ranks), excess = times->max - times->median;
    return times->max > TOO_SLOW * times->median && excess > FAR_OUT * spread;
}

static int stragglers_count_passes(const struct trainer *t, int rank)
{
    struct tree_node range = tree_range((int)t->info.leaves, rank, comm_size(t->comm));
    return range.hi - range.lo;
}

/* Every rank has all times and decides the same. */
static void stragglers_report(struct trainer *t, const struct rank_times *times)
{
    char host[PROCESS_HOST_SIZE];
    if (t->straggler == times->slowest + 1) return;
    t->straggler = times->slowest + 1;
    comm_host_of(t->comm, times->slowest, host);
    log_warn(
        "rank %d on host %s keeps the others waiting: it needs %.3g ms per pass for samples and gradients, "
        "the median of all ranks is %.3g ms",
        times->slowest, host, times->max, times->median);
}

/* `ms` is [2 ranks], zeroed. */
static void stragglers_compare_ranks(struct trainer *t, double *ms, struct rank_times *times)
{
    int ranks = comm_size(t->comm), me = comm_rank(t->comm);
    double work = t->data_seconds + t->compute_seconds;
    ms[me] = t->leaves_timed ? 1000 * work / (double)t->leaves_timed : 0;
    comm_merge_doubles(t->comm, ms, ranks);
    bool outlier = stragglers_judge(ms, ms + ranks, ranks, times);
    double lost = (times->max - times->median) * stragglers_count_passes(t, times->slowest);
    bool all = times->min > 0; /* a rank without samples all along compares with none */
    if (all && outlier && lost > WORTH_SAYING) stragglers_report(t, times);
}

enum status stragglers_find(struct trainer *t, struct rank_times *times)
{
    int ranks = comm_size(t->comm);
    double *ms = NULL;
    *times = (struct rank_times){0};
    if (t->steps_timed == 0) return STATUS_OK;
    enum status status = comm_agree(t->comm, mem_alloc(&ms, 2 * (size_t)ranks, sizeof *ms, "times of ranks"));
    if (status == STATUS_OK) stragglers_compare_ranks(t, ms, times);
    mem_free(&ms);
    return status;
}

void stragglers_add_time(struct trainer *t, double wall, double cpu)
{
    struct core_share *c = &t->core;
    c->wall += wall;
    c->cpu += cpu;
    if (c->told || c->wall < CORE_SECONDS) return;
    c->got = c->cpu / c->wall;
    c->wall = c->cpu = 0;
    if (c->got < CORE_SHARE && !comm_crowded(t->comm))
        t->requests |= REQUEST_CORE;
    else
        t->requests &= ~(uint64_t)REQUEST_CORE;
}

void stragglers_report_core(struct trainer *t)
{
    enum { GOT, MINE, MACHINE, FACTS };
    double facts[FACTS] = {0};
    int machine, mine = cores_count(&machine), me = comm_rank(t->comm), ranks = comm_size(t->comm);
    double lost = t->requests & REQUEST_CORE ? 1 - t->core.got : 0;
    double max = comm_max(t->comm, lost);
    if (max == 0) return; /* it was better meanwhile */
    bool most = max == lost;
    int rank = ranks - (int)comm_max(t->comm, most ? ranks - me : 0);
    char host[PROCESS_HOST_SIZE], cause[256] = "other processes compete for the cores of this machine, or a "
                                               "container or job has a limit of CPU time";
    if (rank == me) facts[GOT] = t->core.got, facts[MINE] = mine, facts[MACHINE] = machine;
    comm_merge_doubles(t->comm, facts, FACTS);
    comm_host_of(t->comm, rank, host);
    t->core.told = true;
    t->requests &= ~(uint64_t)REQUEST_CORE;
    if (facts[MINE] < facts[MACHINE])
        snprintf(
            cause, sizeof cause,
            "it is bound to %.0f of %.0f cores, where another process runs as well: by default mpirun binds two "
            "jobs on one machine to the same cores; start both with mpirun --bind-to none",
            facts[MINE], facts[MACHINE]);
    log_warn("rank %d on host %s gets only %.0f %% of a core while it computes: %s", rank, host,
             100 * facts[GOT], cause);
}
