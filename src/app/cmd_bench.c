#include <string.h>

#include "app/command.h"
#include "ddp/bench.h"
#include "ddp/number.h"

static enum status read_count(const char *flag, const char *text, int64_t *count)
{
    enum status status = number_parse_int(text, count);
    if (status != STATUS_OK) return status_at(status, "--%s", flag);
    if (*count < 1) return status_fail(STATUS_CONFIG, "--%s: %s is less than 1", flag, text);
    return STATUS_OK;
}

enum status cmd_bench(struct comm *comm, struct arguments *a)
{
    static const int64_t usual[] = {1000000, 16000000};
    int64_t params = 0, repeats = 20, ranks_per_node = 0;
    if (strcmp(a->words[0], "sync") != 0)
        return status_fail(STATUS_CONFIG, "bench: '%s' is no benchmark; there is: sync", a->words[0]);
    if (a->params) TRY(read_count("params", a->params, &params));
    if (a->repeats) TRY(read_count("repeats", a->repeats, &repeats));
    if (a->ranks_per_node) TRY(read_count("ranks-per-node", a->ranks_per_node, &ranks_per_node));
    TRY(comm_split_nodes(comm, ranks_per_node));
    if (params) return bench_sync(comm, params, repeats);
    for (int i = 0; i < 2; i++) TRY(bench_sync(comm, usual[i], repeats));
    return STATUS_OK;
}
