/* bench.c - runs a benchmark and reports it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/report/bench/bench.h"
#include "io/outfile.h"
#include "app/cli/commands/commands.h"
#include "app/cli/output.h"
#include "app/config/setup.h"
#include "core/mem.h"
#include "core/number.h"
#include "train/trainer/trainer.h"

#define BATCH_MAX (1 << 20)

static enum status bench_read_count(const char *flag, const char *text, int64_t *count)
{
    enum status status = number_parse_int(text, count);
    if (status != STATUS_OK) return status_at(status, "--%s", flag);
    if (*count < 1)
        return status_fail(STATUS_CONFIG, "--%s: %s is less than 1; give a positive integer", flag, text);
    return STATUS_OK;
}

static enum status bench_run_peak(struct comm *comm, struct arguments *a, struct json *json)
{
    struct bench_peak peak;
    (void)a;
    TRY(bench_peak(comm, &peak));
    if (comm_rank(comm) == 0) bench_report_peak(comm, &peak, json);
    return STATUS_OK;
}

static enum status bench_run_sync(struct comm *comm, struct arguments *a, struct json *json)
{
    static const char *const optims[] = {"sgd", "adam"};
    static const int64_t sizes[] = {1000000, 16000000};
    int64_t params = 0, repeats = 20, ranks_per_node = 0;
    if (a->params) TRY(bench_read_count("params", a->params, &params));
    if (a->repeats) TRY(bench_read_count("repeats", a->repeats, &repeats));
    if (a->ranks_per_node) TRY(bench_read_count("ranks-per-node", a->ranks_per_node, &ranks_per_node));
    TRY(comm_split_nodes(comm, ranks_per_node));
    if (json) json_open(json, "sync", '[');
    for (int i = 0; i < (params ? 2 : 4); i++) {
        struct bench_sync result;
        TRY(bench_sync(comm, optims[i % 2], params ? params : sizes[i / 2], repeats, &result));
        if (comm_rank(comm) == 0) bench_report_sync(comm, &result, json);
    }
    if (json) json_close(json, ']');
    return STATUS_OK;
}

static enum status bench_run_loader(struct comm *comm, struct arguments *a, struct json *json)
{
    int64_t batch = 64;
    struct bench_loader result;
    if (a->batch) TRY(bench_read_count("batch", a->batch, &batch));
    if (batch > BATCH_MAX)
        return status_fail(STATUS_CONFIG, "--batch: %s is outside 1..%d", a->batch, BATCH_MAX);
    TRY(bench_loader(comm, a->words[0], batch, a->allow_external, &result));
    if (comm_rank(comm) == 0) bench_report_loader(comm, &result, json);
    return STATUS_OK;
}

struct listing {
    struct comm *comm;
    struct json *json;
};

static void bench_list_kernel(void *self, const struct bench_kernel *result)
{
    const struct listing *l = self;
    if (comm_rank(l->comm) == 0) bench_report_kernel(l->comm, result, l->json);
}

static enum status bench_run_kernels(struct comm *comm, struct arguments *a, struct json *json)
{
    struct listing listing = {comm, json};
    if (json) json_open(json, "kernels", '[');
    if (comm_rank(comm) == 0) bench_report_kernels_head(comm);
    TRY(bench_kernels(comm, a->word_count ? a->words[0] : NULL, bench_list_kernel, &listing));
    if (json) json_close(json, ']');
    return STATUS_OK;
}

static enum status bench_report_trainer_step(struct trainer *t, struct comm *comm, struct json *json)
{
    struct bench_step *result = NULL;
    enum status status = comm_agree(comm, mem_alloc(&result, 1, sizeof *result, "result"));
    if (status == STATUS_OK) status = bench_step(t, result);
    if (status == STATUS_OK && comm_rank(comm) == 0) bench_report_step(comm, result, json);
    mem_free(&result);
    return status;
}

/* Works in the current folder, whose disk is measured. Collective. */
static enum status bench_report_trainer_checkpoint(struct trainer *t, struct comm *comm, struct json *json)
{
    struct bench_checkpoint result;
    char folder[] = "ddp_train-bench.XXXXXX";
    bool made = comm_rank(comm) != 0 || mkdtemp(folder);
    TRY(comm_agree(comm, made ? STATUS_OK
                              : status_fail(STATUS_OTHER,
                                            "no temporary folder can be created in the current folder: %s",
                                            strerror(errno))));
    TRY(bench_checkpoint(t, folder, &result));
    if (comm_rank(comm) == 0) bench_report_checkpoint(comm, &result, json);
    return STATUS_OK;
}

/* Creates a trainer without its validation set, which is not needed here, and runs a benchmark on it.
 * Collective. */
static enum status bench_run_on_trainer(struct comm *comm, struct arguments *a, struct json *json,
                                        enum status (*run)(struct trainer *t, struct comm *comm,
                                                           struct json *json))
{
    const struct setup_source source = arguments_source(a);
    struct setup setup = {0};
    struct trainer *t = NULL;
    enum status status = comm_agree(comm, settings_add_flag(&a->settings, "data.val", ""));
    if (status == STATUS_OK) status = setup_create(&setup, comm, &source);
    if (status == STATUS_OK) status = comm_split_nodes(comm, setup.config.ranks_per_node);
    if (status == STATUS_OK) status = trainer_create(&t, comm, &setup.config, setup.text);
    if (status == STATUS_OK) status = run(t, comm, json);
    trainer_destroy(&t);
    setup_free(&setup);
    return status;
}

static enum status bench_run_step(struct comm *comm, struct arguments *a, struct json *json)
{
    return bench_run_on_trainer(comm, a, json, bench_report_trainer_step);
}

static enum status bench_run_checkpoint(struct comm *comm, struct arguments *a, struct json *json)
{
    return bench_run_on_trainer(comm, a, json, bench_report_trainer_checkpoint);
}

struct benchmark {
    const char *name;
    int min_words, max_words;                                                      /* after the name */
    enum status (*run)(struct comm *comm, struct arguments *a, struct json *json); /* json: rank 0, or NULL */
};

static const struct benchmark benchmarks[] = {
    {.name = "checkpoint", .max_words = 1, .run = bench_run_checkpoint},
    {.name = "kernels", .max_words = 1, .run = bench_run_kernels},
    {.name = "loader", .min_words = 1, .max_words = 1, .run = bench_run_loader},
    {.name = "peak", .run = bench_run_peak},
    {.name = "step", .max_words = 1, .run = bench_run_step},
    {.name = "sync", .run = bench_run_sync},
    {.name = NULL},
};

/* Finds the benchmark that the first word names, and removes that word. */
static enum status bench_choose(const struct benchmark **chosen, struct arguments *a)
{
    const struct benchmark *b = benchmarks;
    while (b->name && strcmp(b->name, a->words[0]) != 0) b++;
    if (!b->name)
        return status_fail(STATUS_CONFIG, "bench: unknown benchmark '%s'; choose one of: %s", a->words[0],
                           a->command->synopsis);
    a->word_count--;
    memmove(a->words, a->words + 1, (size_t)a->word_count * sizeof *a->words);
    if (a->word_count < b->min_words || a->word_count > b->max_words)
        return status_fail(STATUS_CONFIG, "bench %s: does not take %d arguments (see 'ddp_train help bench')",
                           b->name, a->word_count);
    *chosen = b;
    return STATUS_OK;
}

enum status cmd_bench(struct comm *comm, struct arguments *a)
{
    bool first = comm_rank(comm) == 0;
    const struct benchmark *b = NULL;
    TRY(bench_choose(&b, a));
    struct json json = {.out = NULL};
    /* before the measurement, so that an error costs no time */
    TRY(comm_agree(comm, first && a->json ? outfile_open(&json.out, a->json) : STATUS_OK));
    if (json.out) json_open(&json, NULL, '{');
    enum status status = b->run(comm, a, json.out ? &json : NULL);
    if (json.out) {
        json_close(&json, '}');
        fputc('\n', json.out);
        enum status closed = outfile_close(json.out, a->json);
        if (status == STATUS_OK) status = closed;
    }
    if (first && status == STATUS_OK) status = output_flush();
    return comm_agree(comm, status);
}
