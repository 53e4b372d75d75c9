/* checkpoint.c - the cost of a checkpoint. */
#include <stdio.h>

#include "app/report/bench/bench.h"

void bench_report_checkpoint(const struct comm *comm, const struct bench_checkpoint *c, struct json *j)
{
    int ranks = comm_size(comm);
    printf("checkpoint of %lld parameters, %s, %.1f MB, on %d rank%s: medians of %d rounds of %lld steps\n",
           (long long)c->params, c->optim, c->bytes / 1e6, ranks, ranks == 1 ? "" : "s", c->rounds,
           (long long)c->steps);
    printf("  copy after a step          %9.2f ms, %.2f steps of %.2f ms\n", c->copy * 1e3, c->copy / c->step,
           c->step * 1e3);
    printf("  write during the steps     %9.2f ms; alone %.2f ms\n", c->write * 1e3, c->write_alone * 1e3);
    printf("  CPU time of the write      %9.2f ms\n", c->busy * 1e3);
    printf("  added to the run           %9.2f ms; if it waited for the write %.2f ms\n", c->cost * 1e3,
           c->cost_waited * 1e3);
    printf("  %lld steps with a checkpoint take %.3f times as long as without\n", (long long)c->steps,
           c->slower);
    if (!j) return;
    json_text(j, "optim", c->optim);
    json_int(j, "params", c->params);
    json_real(j, "bytes", c->bytes);
    json_int(j, "ranks", ranks);
    json_int(j, "rounds", c->rounds);
    json_int(j, "steps", c->steps);
    json_real(j, "step_ms", c->step * 1e3);
    json_real(j, "copy_ms", c->copy * 1e3);
    json_real(j, "write_ms", c->write * 1e3);
    json_real(j, "busy_ms", c->busy * 1e3);
    json_real(j, "write_alone_ms", c->write_alone * 1e3);
    json_real(j, "cost_ms", c->cost * 1e3);
    json_real(j, "cost_waited_ms", c->cost_waited * 1e3);
    json_real(j, "slower", c->slower);
}
