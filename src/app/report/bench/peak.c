/* peak.c - peak of products and memory. */
#include "app/report/bench/bench.h"

#include <stdio.h>

static void bench_print_memory(const char *name, const struct bench_memory *m)
{
    if (m->array_bytes > 0)
        printf("%-16s read %7.1f   copy %7.1f   triad %7.1f GB/s   (arrays of %.0f MB)\n", name,
               m->read / 1e9, m->copy / 1e9, m->triad / 1e9, m->array_bytes / 1e6);
}

void bench_report_peak(const struct comm *comm, const struct bench_peak *p, struct json *j)
{
    int ranks = comm_size(comm);
    double gflops = p->sgemm_flops / 1e9;
    printf("peak of %d rank%s at once, kernels for %s, OpenBLAS for %s\n", ranks, ranks == 1 ? "" : "s",
           p->isa, p->blas);
    printf("%-16s %.1f GFLOP/s, %.1f per rank, slowest rank %.1f\n", "sgemm", gflops, gflops / ranks,
           p->slowest_rank_flops / 1e9);
    printf("%-16s %.1f GFLOP/s, in registers\n", "multiply-adds", p->chain_flops / 1e9);
    bench_print_memory("memory", &p->memory);
    bench_print_memory("main memory", &p->main_memory);
    if (!j) return;
    json_real(j, "sgemm_gflops", gflops);
    json_real(j, "sgemm_gflops_per_rank", gflops / ranks);
    json_real(j, "multiply_add_gflops", p->chain_flops / 1e9);
    json_real(j, "memory_gbytes", p->memory.triad / 1e9);
    json_real(j, "memory_read_gbytes", p->memory.read / 1e9);
    json_real(j, "memory_copy_gbytes", p->memory.copy / 1e9);
    json_real(j, "main_memory_gbytes", p->main_memory.triad / 1e9);
    json_int(j, "ranks", ranks);
    json_text(j, "isa", p->isa);
    json_text(j, "blas", p->blas);
}
