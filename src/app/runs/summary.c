/* summary.c - reads a run directory. */
#include "app/runs/summary.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/config/options.h"
#include "app/rundir/lock.h"
#include "app/rundir/rundir.h"
#include "app/runs/events.h"
#include "core/mem.h"
#include "train/checkpoint/checkpoint.h"

static bool summary_has(const char *path, const char *name)
{
    char file[RUNDIR_PATH_SIZE];
    return rundir_file(path, name, file) == STATUS_OK && access(file, R_OK) == 0;
}

bool summary_is_run(const char *path)
{
    return summary_has(path, "metrics.jsonl") && summary_has(path, "config.yaml");
}

const char *summary_state_name(enum run_state state)
{
    static const char *const names[] = {"running", "complete", "saved", "failed"};
    return names[state];
}

const struct summary_metric *summary_find(const struct summary *r, const char *name)
{
    for (int i = 0; i < r->metric_count; i++)
        if (strcmp(r->metrics[i].name, name) == 0) return &r->metrics[i];
    return NULL;
}

static bool summary_is_lower_better(const char *name)
{
    struct metric m;
    return strcmp(name, "loss") == 0 || (metric_find(name, &m) && m.ops->lower_is_better);
}

/* One line of metrics.jsonl as it is read. */
struct summary_line {
    struct summary *run;
    const char *prefix; /* of the names of its metrics */
    int64_t epoch;
};

static struct summary_metric *summary_get(const struct summary_line *l, const char *name)
{
    struct summary *r = l->run;
    char full[SUMMARY_NAME_SIZE];
    snprintf(full, sizeof full, "%s%s", l->prefix, name);
    for (int i = 0; i < r->metric_count; i++)
        if (strcmp(r->metrics[i].name, full) == 0) return &r->metrics[i];
    if (r->metric_count == SUMMARY_METRICS) return NULL;
    struct summary_metric *m = &r->metrics[r->metric_count++];
    *m = (struct summary_metric){.lower_is_better = summary_is_lower_better(name), .best = NAN, .last = NAN};
    memcpy(m->name, full, sizeof full);
    return m;
}

static void summary_add_value(void *self, const char *key, double value)
{
    const struct summary_line *l = self;
    struct metric of;
    if (strcmp(key, "loss") != 0 && !metric_find(key, &of)) return; /* "step", "seconds" and the like */
    struct summary_metric *m = summary_get(l, key);
    if (!m) return;
    m->last = value;
    if (!isnan(m->best) && !(m->lower_is_better ? value < m->best : value > m->best)) return;
    m->best = value;
    m->best_epoch = l->epoch;
}

static void summary_add_event(void *self, const struct json_object *o)
{
    struct summary *r = self;
    const char *kind = json_object_text(o, "kind");
    if (!kind) return;
    bool epoch = events_is_epoch(o), eval = events_is_val(o);
    events_renew(o, "epochs", &r->epochs);
    events_renew(o, "ranks", &r->ranks);
    if (strcmp(kind, "resume") == 0) r->state = RUN_FAILED; /* unless it ended a second time */
    if (strcmp(kind, "done") == 0) r->state = RUN_COMPLETE;
    if (!epoch && !eval) return;
    struct summary_line line = {r, epoch ? "train." : "val.", events_whole(o, "epoch")};
    json_object_each_number(o, summary_add_value, &line);
    if (!epoch) return;
    r->epoch = line.epoch;
    r->seconds = (isnan(r->seconds) ? 0 : r->seconds) + json_object_number(o, "seconds");
    r->rate = json_object_number(o, "samples_per_second");
}

static bool summary_has_checkpoint(const char *path)
{
    char name[RUNDIR_PATH_SIZE];
    int64_t step;
    bool found = false;
    DIR *folder = rundir_file(path, "checkpoints", name) == STATUS_OK ? opendir(name) : NULL;
    for (struct dirent *entry = folder ? readdir(folder) : NULL; entry && !found; entry = readdir(folder))
        found = checkpoint_kind(entry->d_name, &step) != CHECKPOINT_OTHER;
    if (folder) closedir(folder);
    return found;
}

/* Whether the last line of the log is an error (rundir_note_end). */
static bool summary_ended_badly(const char *path)
{
    static const char word[] = "error: ";
    char name[RUNDIR_PATH_SIZE], start[sizeof word];
    FILE *in = rundir_file(path, "log.txt", name) == STATUS_OK ? fopen(name, "r") : NULL;
    bool bad = false, at_start = true;
    while (in && fgets(start, sizeof start, in)) {
        if (at_start) bad = strcmp(start, word) == 0;
        at_start = strchr(start, '\n') != NULL;
    }
    if (in) fclose(in);
    return bad;
}

static enum run_state summary_find_state(const struct summary *r)
{
    if (lock_is_held(r->path)) return RUN_RUNNING;
    if (r->state == RUN_COMPLETE) return RUN_COMPLETE;
    return summary_has_checkpoint(r->path) && !summary_ended_badly(r->path) ? RUN_SAVED : RUN_FAILED;
}

enum status summary_read(struct summary *r, const char *path)
{
    char config[RUNDIR_PATH_SIZE];
    *r = (struct summary){.state = RUN_FAILED, .seconds = NAN, .rate = NAN};
    TRY(mem_copy_text(&r->path, path));
    TRY(events_each(path, summary_add_event, r));
    TRY(rundir_file(path, "config.yaml", config));
    r->has_config = options_read_file(config, &r->config) == STATUS_OK;
    r->state = summary_find_state(r);
    return STATUS_OK;
}

void summary_free(struct summary *r)
{
    mem_free(&r->path);
    options_free(&r->config);
}
