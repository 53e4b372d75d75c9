/* bench.h - reports of the benchmarks: a table on standard output, and members of a JSON object.
 *
 * For rank 0; local functions. `json` is the open object that gets the members, or NULL. Private to the app
 * layer. */
#ifndef APP_REPORT_BENCH_BENCH_H
#define APP_REPORT_BENCH_BENCH_H

#include "io/json.h"
#include "bench/bench.h"

void bench_report_peak(const struct comm *comm, const struct bench_peak *peak, struct json *json);
void bench_report_sync(const struct comm *comm, const struct bench_sync *sync, struct json *json);
void bench_report_step(const struct comm *comm, const struct bench_step *result, struct json *json);
void bench_report_checkpoint(const struct comm *comm, const struct bench_checkpoint *result,
                             struct json *json);
void bench_report_kernels_head(const struct comm *comm);
void bench_report_kernel(const struct comm *comm, const struct bench_kernel *result, struct json *json);
void bench_report_loader(const struct comm *comm, const struct bench_loader *result, struct json *json);

#endif
