/* train.c - trains a model: the run directory, the log, and the trainer between them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/page/page.h"
#include "app/report/console.h"
#include "app/report/graph/graph.h"
#include "app/rundir/environment.h"
#include "app/rundir/journal.h"
#include "app/report/report.h"
#include "app/rundir/rundir.h"
#include "app/cli/commands/commands.h"
#include "app/cli/output.h"
#include "app/cli/renames.h"
#include "app/config/setup.h"
#include "app/rundir/start.h"
#include "app/tensorboard/tensorboard.h"
#include "app/runs/epochs.h"
#include "core/system/clock.h"
#include "core/log.h"
#include "core/number.h"
#include "core/system/stop.h"
#include "train/trainer/timeline.h"
#include "comm/watch/watchdog.h"

/* What rank 0 needs to handle the events of the trainer. */
struct run {
    const char *path;
    const struct config *config;
    struct journal journal;
    struct tensorboard tensorboard;
    struct console console;
    double next_views; /* when page and table may be written again */
};

static void train_on_step(void *self, const struct step_event *e)
{
    struct run *run = self;
    journal_step(&run->journal, e);
    tensorboard_step(&run->tensorboard, e);
    console_step(&run->console, e);
}

/* Writes what is written from metrics.jsonl. The message of a run that failed stays what it is. */
static void train_write_views(const struct run *run, enum run_state state)
{
    char text[STATUS_TEXT_SIZE];
    snprintf(text, sizeof text, "%s", status_text());
    if (epochs_write(run->path) != STATUS_OK) log_warn("%s", status_text());
    if (page_write_run(run->path, state) != STATUS_OK) log_warn("%s", status_text());
    status_fail(STATUS_OTHER, "%s", text);
}

/* Writes page and table again during the run; `last` is whether this is the last event of its epoch. All ranks wait
 * meanwhile, so it takes at most 2 % of the time, however small the epochs are. */
static void train_renew_views(struct run *run, int64_t epoch, bool last)
{
    int64_t every = run->config->report_every;
    double start = clock_seconds();
    if (!last || every == 0 || epoch % every != 0 || start < run->next_views) return;
    train_write_views(run, RUN_RUNNING);
    double end = clock_seconds();
    run->next_views = end + 50 * (end - start);
}

static bool train_evaluates(const struct run *run)
{
    return run->config->data.val[0] || run->config->data.val_fraction > 0;
}

static void train_on_epoch(void *self, const struct epoch_event *e)
{
    struct run *run = self;
    journal_epoch(&run->journal, e);
    tensorboard_epoch(&run->tensorboard, e);
    console_epoch(&run->console, e);
    train_renew_views(run, e->epoch, !train_evaluates(run));
}

static enum status train_write_reports(const struct run *run, const struct eval_event *e)
{
    char file[RUNDIR_PATH_SIZE];
    const char *data = run->config->data.val[0] ? run->config->data.val : run->config->data.train;
    TRY(rundir_file(run->path, "report.json", file));
    TRY(report_write_json(file, e, NULL, data));
    if (!e->confusion) return STATUS_OK;
    TRY(rundir_file(run->path, "confusion.csv", file));
    return report_write_confusion(file, e->classes, e->confusion, e->class_names);
}

static void train_on_eval(void *self, const struct eval_event *e)
{
    struct run *run = self;
    journal_eval(&run->journal, e);
    tensorboard_eval(&run->tensorboard, e);
    console_eval(&run->console, e);
    if (train_write_reports(run, e) != STATUS_OK) log_warn("%s", status_text());
    train_renew_views(run, e->epoch, train_evaluates(run));
}

static void train_on_done(void *self, const struct done_event *e)
{
    struct run *run = self;
    journal_done(&run->journal, e);
    console_done(&run->console, e);
}

static int64_t train_on_mark(void *self)
{
    return ((struct run *)self)->journal.bytes;
}

static void train_on_settle(void *self)
{
    journal_settle(&((struct run *)self)->journal);
}

/* Rank 0: opens the log and the metrics; when a run is resumed, the metrics are cut to their length at the
 * checkpoint, and so is their table. */
static enum status train_open_files(struct run *run, const struct start *start, int64_t every_steps)
{
    char file[RUNDIR_PATH_SIZE];
    TRY(rundir_file(run->path, "log.txt", file));
    TRY(log_open(file));
    TRY(rundir_file(run->path, "metrics.jsonl", file));
    if (!start->resumes) return journal_open(&run->journal, file, every_steps);
    TRY(journal_reopen(&run->journal, file, every_steps, start->point.metrics_bytes));
    if (epochs_write(run->path) != STATUS_OK) log_warn("%s", status_text());
    return STATUS_OK;
}

static void train_log_resume(struct run *run, const struct start *start, const struct comm *comm,
                             const struct trainer_info *info)
{
    const struct trainer_point *p = &start->point;
    journal_resume(&run->journal, run->config, comm, info, start->from, p);
    log_info("resumed from %s: epoch %lld, step %lld", start->from, (long long)p->epoch, (long long)p->step);
    start_report_epochs(start, run->config, info);
}

static void train_log_weights(const struct start *start, const char *from)
{
    if (!start->weights || !*start->weights) return;
    log_info("initial weights from %s:", from);
    for (const char *line = start->weights; *line; line += strcspn(line, "\n") + 1)
        log_info("%.*s", (int)strcspn(line, "\n"), line);
}

/* Rank 0: creates the run directory and the files that exist before the first step. */
static enum status train_open_run(struct run *run, struct start *start, const struct setup *setup,
                                  const struct comm *comm, const struct arguments *a,
                                  const struct trainer_info *info)
{
    char file[RUNDIR_PATH_SIZE];
    bool resumes = *start->from;
    TRY(start_enter(start, setup->text));
    TRY(rundir_file(run->path, "env.json", file));
    TRY(environment_write(file,
                          &(struct environment){.argc = a->argc,
                                                .argv = a->argv,
                                                .comm = comm,
                                                .info = info,
                                                .machines = &start->machines,
                                                .resumed_from = resumes ? start->from : NULL,
                                                .weights_from = start->weights ? a->start.init_from : NULL}));
    TRY(rundir_file(run->path, "model.svg", file));
    TRY(graph_draw(info->model, file));
    TRY(train_open_files(run, start, setup->config.log_every_steps));
    if (setup->config.tensorboard)
        TRY(tensorboard_open(&run->tensorboard, run->path, setup->config.log_every_steps, start->point.step));
    if (start->machines.differ)
        log_warn("sync.mixed: results may differ between machines: %s", start->machines.text);
    report_start(&setup->config, comm, info);
    if (!start->resumes) journal_start(&run->journal, &setup->config, comm, info);
    if (resumes) train_log_resume(run, start, comm, info);
    if (start->weights) train_log_weights(start, a->start.init_from);
    console_open(&run->console);
    return STATUS_OK;
}

/* Rank 0. */
static void train_close_run(struct run *run, const struct start *start, enum status status)
{
    console_close(&run->console);
    journal_close(&run->journal);
    tensorboard_close(&run->tensorboard);
    if (status == STATUS_OK) log_info("all files are in %s", run->path);
    log_close();
    if (!start->lock.held) return; /* the folder is not ours */
    if (status != STATUS_OK) rundir_note_end(run->path, status);
    train_write_views(run, status == STATUS_OK      ? RUN_COMPLETE
                           : status_is_stop(status) ? RUN_SAVED
                                                    : RUN_FAILED);
}

static enum status train(struct trainer *t, struct start *start, const struct setup *setup, struct comm *comm,
                         const struct arguments *a)
{
    bool first = comm_rank(comm) == 0;
    struct run run = {.path = start->folder, .config = &setup->config, .journal = {.disk = -1}};
    const struct observer observer = {.self = &run,
                                      .step = train_on_step,
                                      .epoch = train_on_epoch,
                                      .eval = train_on_eval,
                                      .done = train_on_done,
                                      .mark = train_on_mark,
                                      .settle = train_on_settle};
    char checkpoints[RUNDIR_PATH_SIZE];
    enum status status = rundir_file(run.path, "checkpoints", checkpoints);
    if (status == STATUS_OK && first) status = train_open_run(&run, start, setup, comm, a, trainer_info(t));
    status = comm_agree(comm, status);
    if (status == STATUS_OK) status = trainer_run(t, &observer, checkpoints);
    if (first) train_close_run(&run, start, status);
    return status;
}

/* Reads FIRST:COUNT; the default skips the first steps, in which caches and clocks warm up. */
static enum status train_read_timeline_steps(const struct arguments *a, int64_t *first, int64_t *count)
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
                       "--timeline-steps: '%s' is not FIRST:COUNT, such as 10:20, with COUNT in 1..%d", text,
                       TIMELINE_MAX_STEPS);
}

/* Trains, and records a timeline if --timeline is given. Collective. */
static enum status train_with_timeline(struct trainer *t, struct start *start, const struct setup *setup,
                                       struct comm *comm, const struct arguments *a)
{
    struct timeline *timeline = NULL;
    int64_t first, count;
    enum status status = train_read_timeline_steps(a, &first, &count);
    if (status == STATUS_OK && a->timeline) status = timeline_create(&timeline, t, a->timeline, first, count);
    if (status == STATUS_OK) status = train(t, start, setup, comm, a);
    timeline_destroy(&timeline);
    return status;
}

static enum status train_init(struct trainer *t, const struct arguments *a,
                              const struct import_renames *renames, FILE *list)
{
    return trainer_init_from(t,
                             &(struct trainer_init){.path = a->start.init_from,
                                                    .plain = a->plain_weights,
                                                    .strict = a->init_strict,
                                                    .renames = renames->count > 0 ? renames : NULL},
                             list);
}

/* Loads the weights of --init-from; rank 0 keeps a list that says for each tensor whether it was loaded, and shows it now if
 * that is an error. Collective. */
static enum status train_load_weights(struct trainer *t, struct start *start, struct comm *comm,
                                      const struct arguments *a)
{
    bool first = comm_rank(comm) == 0;
    size_t bytes;
    struct import_renames renames = {0};
    enum status status =
        comm_agree(comm, first && a->init_map ? renames_load(&renames, a->init_map) : STATUS_OK);
    FILE *list = first ? open_memstream(&start->weights, &bytes) : NULL;
    if (status == STATUS_OK) status = train_init(t, a, &renames, list);
    renames_free(&renames);
    if (list) fclose(list);
    if (first && status != STATUS_OK) train_log_weights(start, a->start.init_from);
    return status;
}

/* Loads data, model and checkpoint. A signal that arrives meanwhile ends the run here. Collective. */
static enum status train_build(struct trainer **t, struct start *start, const struct setup *setup,
                               struct comm *comm, const struct arguments *a)
{
    enum status status = trainer_create(t, comm, &setup->config, setup->text);
    if (status == STATUS_OK && *start->from)
        status = trainer_resume(*t, start->from, start->changes, &start->point);
    else if (status == STATUS_OK && a->start.init_from)
        status = train_load_weights(*t, start, comm, a);
    if (status == STATUS_OK) status = comm_agree(comm, stop_asked());
    return stop_unsaved(status, STOP_EARLY);
}

/* The run directory is chosen before any work, but created only when the trainer exists: a wrong path in the
 * configuration leaves nothing behind. Collective. */
static enum status train_prepare(struct start *start, const struct setup *setup, struct comm *comm,
                                 const struct arguments *a)
{
    TRY(comm_split_nodes(comm, setup->config.ranks_per_node));
    TRY(machines_compare(&start->machines, comm, &setup->config));
    struct trainer *t = NULL;
    struct watchdog_limits limits = {setup->config.sync_timeout, setup->config.death_timeout};
    enum status status = watchdog_start(comm, &limits);
    if (status == STATUS_OK) status = train_build(&t, start, setup, comm, a);
    if (status == STATUS_OK) status = train_with_timeline(t, start, setup, comm, a);
    trainer_destroy(&t);
    watchdog_stop();
    return status;
}

/* Sets train.max_time on rank 0 only, because the clocks of ranks differ. */
static void train_limit_time(const struct setup *setup, const struct comm *comm)
{
    int64_t seconds;
    if (comm_rank(comm) == 0 && *setup->config.max_time &&
        clock_parse_duration(setup->config.max_time, &seconds) == STATUS_OK)
        stop_limit(seconds);
}

static enum status train_print_config(struct comm *comm, const struct arguments *a)
{
    const struct setup_source source = arguments_source(a);
    struct setup setup;
    enum status status = setup_create(&setup, comm, &source);
    if (status == STATUS_OK && a->expanded) status = setup_expand(&setup);
    if (status == STATUS_OK) status = output_print(comm, setup.text);
    setup_free(&setup);
    return status;
}

enum status cmd_train(struct comm *comm, struct arguments *a)
{
    const struct setup_source source = arguments_source(a);
    struct setup setup;
    struct start start;
    if (a->print_config) return train_print_config(comm, a);
    if ((a->init_map || a->init_strict) && !a->start.init_from)
        return status_fail(STATUS_CONFIG, "--init-map and --init-strict need --init-from FILE");
    stop_catch();
    enum status status = stop_unsaved(start_choose(&start, &setup, comm, &a->start, &source), STOP_EARLY);
    if (status == STATUS_OK) train_limit_time(&setup, comm);
    if (status == STATUS_OK) status = comm_agree(comm, setup_keep_index(&setup, start.folder, 1));
    if (status == STATUS_OK && !start.complete) status = train_prepare(&start, &setup, comm, a);
    start_free(&start);
    setup_free(&setup);
    return status;
}
