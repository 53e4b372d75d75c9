/* kernels.c - speed of the kernels. */
#include <stdio.h>

#include "app/report/bench/bench.h"

void bench_report_kernels_head(const struct comm *comm)
{
    int ranks = comm_size(comm);
    printf(
        "kernels on %d rank%s at once, 64 lanes unless noted; 100 %% of roof is the limit by sgemm peak and "
        "memory\n"
        "bandwidth, 100 %% of sgemm the speed of sgemm on the same arithmetic, 100 %% of peak that of multiply-adds in "
        "registers\n",
        ranks, ranks == 1 ? "" : "s");
    printf("%-56s %9s %9s %9s %9s %9s %9s\n", "", "us", "best", "median", "of roof", "of sgemm", "of peak");
}

void bench_report_kernel(const struct comm *comm, const struct bench_kernel *k, struct json *j)
{
    bool counts = k->flops > 0;
    double amount = (counts ? k->flops : k->bytes) / 1e9;
    printf("%-56s %9.1f %9.1f %9.1f %7.0f %%", k->name, 1e6 * comm_size(comm) / k->best, k->best * amount,
           k->median * amount, 100 * k->best / k->roof);
    if (counts)
        printf(" %7.0f %% %7.0f %%  GFLOP/s\n", 100 * k->best / k->sgemm, 100 * k->best / k->peak);
    else
        printf(" %19s  GB/s\n", "");
    if (!j) return;
    json_open(j, NULL, '{');
    json_text(j, "name", k->name);
    json_text(j, "unit", counts ? "GFLOP/s" : "GB/s");
    json_real(j, "best", k->best * amount);
    json_real(j, "median", k->median * amount);
    json_real(j, "roof", k->roof * amount);
    if (counts) json_real(j, "sgemm", k->sgemm * amount);
    if (counts) json_real(j, "peak", k->peak * amount);
    json_close(j, '}');
}
