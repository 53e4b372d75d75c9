#include <stdio.h>
#include <string.h>

#include "app/console.h"
#include "app/environment.h"
#include "app/journal.h"
#include "app/report.h"
#include "app/rundir.h"
#include "app/setup.h"
#include "ddp/clock.h"
#include "ddp/log.h"
#include "ddp/mem.h"
#include "ddp/number.h"
#include "ddp/stop.h"
#include "ddp/timeline.h"

/* What rank 0 does with the trainer's events. */
struct run {
    const char *path;
    const struct config *config;
    struct journal journal;
    struct console console;
};

static void on_step(void *self, const struct step_event *e)
{
    struct run *run = self;
    journal_step(&run->journal, e);
    console_step(&run->console, e);
}

static void on_epoch(void *self, const struct epoch_event *e)
{
    struct run *run = self;
    journal_epoch(&run->journal, e);
    console_epoch(&run->console, e);
}

static enum status write_reports(const struct run *run, const struct eval_event *e)
{
    char file[RUNDIR_PATH_SIZE];
    const char *data = run->config->data_val[0] ? run->config->data_val : run->config->data_train;
    TRY(rundir_file(run->path, "report.json", file));
    TRY(report_write_json(file, e, NULL, data));
    if (!e->confusion) return STATUS_OK;
    TRY(rundir_file(run->path, "confusion.csv", file));
    return report_write_confusion(file, e->classes, e->confusion, e->class_names);
}

static void on_eval(void *self, const struct eval_event *e)
{
    struct run *run = self;
    journal_eval(&run->journal, e);
    console_eval(&run->console, e);
    if (write_reports(run, e) != STATUS_OK) log_warn("%s", status_text());
}

static void on_done(void *self, const struct done_event *e)
{
    struct run *run = self;
    journal_done(&run->journal, e);
    console_done(&run->console, e);
}

/* Rank 0: the folder and what stands in it before the first step. */
static enum status open_run(struct run *run, const struct setup *setup, const struct comm *comm,
                            const struct arguments *a, const struct trainer_info *info)
{
    char file[RUNDIR_PATH_SIZE];
    TRY(rundir_create(run->path, setup->text));
    TRY(rundir_file(run->path, "env.json", file));
    TRY(environment_write(file, comm, a, info));
    TRY(rundir_file(run->path, "log.txt", file));
    TRY(log_open(file));
    TRY(rundir_file(run->path, "metrics.jsonl", file));
    TRY(journal_open(&run->journal, file, setup->config.log_every_steps));
    report_start(&setup->config, comm, info);
    journal_start(&run->journal, &setup->config, comm, info);
    console_open(&run->console);
    return STATUS_OK;
}

/* Rank 0. */
static void close_run(struct run *run, enum status status)
{
    console_close(&run->console);
    journal_close(&run->journal);
    if (status == STATUS_OK) log_info("everything is in %s", run->path);
    log_close();
    if (status != STATUS_OK) rundir_note_end(run->path, status);
}

static enum status train(struct trainer *t, const struct setup *setup, struct comm *comm,
                         const struct arguments *a, const char *path)
{
    bool first = comm_rank(comm) == 0;
    struct run run = {.path = path, .config = &setup->config};
    const struct observer observer = {&run, on_step, on_epoch, on_eval, on_done};
    char checkpoints[RUNDIR_PATH_SIZE];
    enum status status = rundir_file(path, "checkpoints", checkpoints);
    if (status == STATUS_OK && first) status = open_run(&run, setup, comm, a, trainer_info(t));
    status = comm_agree(comm, status);
    if (status == STATUS_OK) status = trainer_run(t, &observer, checkpoints);
    if (first) close_run(&run, status);
    return status;
}

/* FIRST:COUNT, or the steps after those in which caches and clocks warm up. */
static enum status read_window(const struct arguments *a, int64_t *first, int64_t *count)
{
    const char *text = a->timeline_steps;
    char start[32];
    const char *colon = text ? strchr(text, ':') : NULL;
    *first = 10;
    *count = 20;
    if (!text) return STATUS_OK;
    if (!a->timeline) return status_fail(STATUS_CONFIG, "--timeline-steps needs --timeline FILE");
    if (colon && colon - text < (ptrdiff_t)sizeof start) {
        snprintf(start, sizeof start, "%.*s", (int)(colon - text), text);
        if (number_parse_int(start, first) == STATUS_OK && number_parse_int(colon + 1, count) == STATUS_OK &&
            *first >= 0 && *count > 0 && *count <= TIMELINE_MAX_STEPS)
            return STATUS_OK;
    }
    return status_fail(STATUS_CONFIG,
                       "--timeline-steps: '%s' is not FIRST:COUNT, such as 10:20, with a COUNT of 1 to %d",
                       text, TIMELINE_MAX_STEPS);
}

/* With a timeline if the user wants one. */
static enum status train_watched(struct trainer *t, const struct setup *setup, struct comm *comm,
                                 const struct arguments *a, const char *path)
{
    struct timeline *timeline = NULL;
    int64_t first, count;
    enum status status = read_window(a, &first, &count);
    if (status == STATUS_OK && a->timeline)
        status = timeline_create(&timeline, comm, t, a->timeline, first, count);
    if (status == STATUS_OK) status = train(t, setup, comm, a, path);
    timeline_destroy(&timeline);
    return status;
}

/* Data and model; a signal that comes meanwhile ends the run here. */
static enum status build(struct trainer **t, const struct setup *setup, struct comm *comm)
{
    enum status status = trainer_create(t, comm, &setup->config, setup->text);
    if (status == STATUS_OK) status = comm_agree(comm, stop_asked());
    return stop_unsaved(status);
}

/* The folder is chosen, and refused, before any work, but made only when the trainer stands: a wrong path in
 * the configuration leaves nothing behind. */
static enum status prepare_and_train(const struct setup *setup, struct comm *comm, const struct arguments *a)
{
    TRY(comm_split_nodes(comm, setup->config.ranks_per_node));
    char *path = NULL;
    enum status status = STATUS_OK;
    if (comm_rank(comm) == 0) status = rundir_choose(&path, a->output, setup->config.run_name, a->overwrite);
    TRY(comm_agree(comm, status));

    struct trainer *t = NULL;
    status = comm_share_text(comm, &path);
    if (status == STATUS_OK) status = build(&t, setup, comm);
    if (status == STATUS_OK) status = train_watched(t, setup, comm, a, path);
    trainer_destroy(&t);
    mem_free(&path);
    return status;
}

/* The clocks of ranks differ: that of rank 0 counts. */
static void limit_time(const struct setup *setup, const struct comm *comm)
{
    int64_t seconds;
    if (comm_rank(comm) == 0 && *setup->config.max_time &&
        clock_parse_duration(setup->config.max_time, &seconds) == STATUS_OK)
        stop_limit(seconds);
}

enum status cmd_train(struct comm *comm, struct arguments *a)
{
    struct setup setup;
    stop_catch();
    enum status status = setup_create(&setup, comm, a);
    if (status == STATUS_OK) limit_time(&setup, comm);
    if (status == STATUS_OK)
        status = a->print_config ? setup_print(&setup, comm) : prepare_and_train(&setup, comm, a);
    setup_free(&setup);
    return status;
}
