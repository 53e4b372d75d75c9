/* step.c - where the time of a training step goes. */
#include <stdio.h>

#include "app/report/bench/bench.h"

static void bench_print_row(const struct bench_step *r, const struct bench_step_row *row)
{
    printf("%*s%-*s %9.3f %7.1f %%", 2 * row->depth, "", 22 - 2 * row->depth, row->name, row->seconds * 1e3,
           100 * row->seconds / r->whole.seconds);
    if (row->flops > 0)
        printf(" %9.1f %7.1f %%", row->flops / row->seconds / 1e9,
               100 * row->flops / row->seconds / r->peak.sgemm_flops);
    puts("");
}

static void bench_write_row(struct json *j, const char *key, const struct bench_step *r,
                            const struct bench_step_row *row)
{
    json_open(j, key, '{');
    json_text(j, "name", row->name);
    json_int(j, "depth", row->depth);
    json_real(j, "ms", row->seconds * 1e3);
    json_real(j, "share", row->seconds / r->whole.seconds);
    json_real(j, "gflops", row->flops / row->seconds / 1e9);
    json_real(j, "share_of_peak", row->flops / row->seconds / r->peak.sgemm_flops);
    json_close(j, '}');
}

static void bench_write_step(struct json *j, const struct comm *comm, const struct bench_step *r)
{
    json_int(j, "ranks", comm_size(comm));
    json_int(j, "batch", r->batch);
    json_int(j, "steps", r->steps);
    json_real(j, "samples_per_second", (double)r->batch / r->whole.seconds);
    json_real(j, "sgemm_gflops", r->peak.sgemm_flops / 1e9);
    bench_write_row(j, "step", r, &r->whole);
    json_open(j, "rows", '[');
    for (int i = 0; i < r->row_count; i++) bench_write_row(j, NULL, r, &r->rows[i]);
    json_close(j, ']');
    json_real(j, "resident_mbytes", r->resident_bytes / 1e6);
    json_real(j, "model_mbytes", r->model_bytes / 1e6);
    json_real(j, "shared_mbytes", r->shared_bytes / 1e6);
}

void bench_report_step(const struct comm *comm, const struct bench_step *r, struct json *j)
{
    int ranks = comm_size(comm);
    printf("step of %lld samples on %d rank%s: fastest quarter of %lld steps, mean over ranks\n",
           (long long)r->batch, ranks, ranks == 1 ? "" : "s", (long long)r->steps);
    printf("%-22s %9s %9s %9s %9s\n", "", "ms", "of step", "GFLOP/s", "of peak");
    for (int i = 0; i < r->row_count; i++) bench_print_row(r, &r->rows[i]);
    bench_print_row(r, &r->whole);
    printf(
        "%.0f samples/s; peak (sgemm in the same session) %.1f GFLOP/s; wait is part of params, collect and "
        "update\n",
        (double)r->batch / r->whole.seconds, r->peak.sgemm_flops / 1e9);
    printf("memory per rank up to %.1f MB, of which %.1f MB for passes; shared per node %.1f MB\n",
           r->resident_bytes / 1e6, r->model_bytes / 1e6, r->shared_bytes / 1e6);
    if (j) bench_write_step(j, comm, r);
}
