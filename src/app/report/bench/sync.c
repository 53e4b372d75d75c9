/* sync.c - speed of gradient synchronisation. */
#include <stdio.h>

#include "app/report/bench/bench.h"

static void bench_report_way(const char *name, const char *key, const struct bench_way *w, double bytes,
                             struct json *j)
{
    printf("%-36s %10.3f %10.3f", name, w->best * 1e3, w->median * 1e3);
    if (bytes > 0)
        printf(" %8.1f", bytes / w->best / 1e9);
    else
        printf(" %8s", "");
    printf(" %8.2f\n", w->ratio);
    if (!j) return;
    json_open(j, key, '{');
    json_real(j, "best_ms", w->best * 1e3);
    json_real(j, "median_ms", w->median * 1e3);
    json_real(j, "ratio_to_tree", w->ratio);
    json_close(j, '}');
}

void bench_report_sync(const struct comm *comm, const struct bench_sync *s, struct json *j)
{
    int nodes = comm_nodes(comm);
    printf("synchronisation and update of %lld parameters, %s, %d ranks on %d node%s, %lld rounds\n",
           (long long)s->params, s->optim, comm_size(comm), nodes, nodes == 1 ? "" : "s",
           (long long)s->repeats);
    printf("%-36s %10s %10s %8s %8s\n", "", "best ms", "median ms", "GB/s", "ratio");
    if (j) {
        json_open(j, NULL, '{');
        json_text(j, "optim", s->optim);
        json_int(j, "params", s->params);
        json_int(j, "ranks", comm_size(comm));
        json_int(j, "nodes", nodes);
        json_real(j, "bytes", s->bytes);
    }
    bench_report_way("tree, sharded update", "tree", &s->tree, s->bytes, j);
    bench_report_way("MPI_Allreduce, replicated update", "allreduce", &s->allreduce, 0, j);
    bench_report_way("memory traffic alone", "traffic", &s->traffic, s->bytes, j);
    bench_report_way("memcpy of the same bytes", "copy", &s->copy, s->bytes, j);
    printf(
        "  traffic: %.0f MB: gradients of all ranks read once, parameters and slots read and written once\n",
        s->bytes / 1e6);
    printf("  %.2f times as fast as MPI_Allreduce, %.2f times the time of the traffic alone\n\n",
           s->allreduce.ratio, 1 / s->traffic.ratio);
    if (!j) return;
    json_real(j, "times_faster_than_allreduce", s->allreduce.ratio);
    json_real(j, "times_the_traffic", 1 / s->traffic.ratio);
    json_close(j, '}');
}
