/* loader.c - speed of loading and gathering. */
#include <stdio.h>

#include "app/report/bench/bench.h"

static void bench_write_loader(struct json *j, const struct comm *comm, const struct bench_loader *r)
{
    json_int(j, "ranks", comm_size(comm));
    json_int(j, "samples", r->samples);
    json_int(j, "batch", r->batch);
    json_real(j, "sample_bytes", r->sample_bytes);
    json_real(j, "window_mbytes", r->window_bytes / 1e6);
    json_real(j, "load_ms", r->load_seconds * 1e3);
    if (r->file_bytes > 0) json_real(j, "file_mbytes", r->file_bytes / 1e6);
    if (r->file_bytes > 0) json_real(j, "read_ms", r->read_seconds * 1e3);
    json_real(j, "samples_per_second", r->gathered);
    json_real(j, "memcpy_samples_per_second", r->copied);
}

void bench_report_loader(const struct comm *comm, const struct bench_loader *r, struct json *j)
{
    int ranks = comm_size(comm);
    double moved = r->sample_bytes + r->input_bytes; /* of one sample */
    printf("%lld samples of %.0f bytes, %d rank%s, %lld samples per rank and batch\n", (long long)r->samples,
           r->sample_bytes, ranks, ranks == 1 ? "" : "s", (long long)r->batch);
    printf("%-36s %9.1f ms %9.2f GB/s\n", "load into shared memory", r->load_seconds * 1e3,
           r->window_bytes / r->load_seconds / 1e9);
    if (r->file_bytes > 0)
        printf("%-36s %9.1f ms %9.2f GB/s\n", "read the file once, by one rank", r->read_seconds * 1e3,
               r->file_bytes / r->read_seconds / 1e9);
    printf("%-36s %9.0f thousand samples/s %9.1f GB/s read and written\n",
           "gather shuffled, normalised batches", r->gathered / 1e3, r->gathered * moved / 1e9);
    printf("%-36s %9.0f thousand samples/s %9.1f GB/s\n", "memcpy of the same bytes", r->copied / 1e3,
           r->copied * moved / 1e9);
    if (j) bench_write_loader(j, comm, r);
}
