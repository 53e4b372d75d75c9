/* journal.c - writes metrics.jsonl. */
#include "app/rundir/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "io/json.h"
#include "core/log.h"

static enum status journal_finish_open(struct journal *j, const char *path)
{
    int code = errno;
    snprintf(j->path, sizeof j->path, "%s", path);
    j->disk = j->out ? fcntl(fileno(j->out), F_DUPFD_CLOEXEC, 0) : -1;
    return j->out ? STATUS_OK : status_fail(STATUS_OTHER, "%s: cannot be written: %s", path, strerror(code));
}

enum status journal_open(struct journal *j, const char *path, int64_t every_steps)
{
    *j = (struct journal){.out = fopen(path, "w"), .every_steps = every_steps};
    return journal_finish_open(j, path);
}

static void journal_close_stream(struct journal *j)
{
    if (j->out) fclose(j->out);
    j->out = NULL;
}

void journal_close(struct journal *j)
{
    journal_close_stream(j);
    if (j->disk >= 0) close(j->disk);
    j->disk = -1;
}

/* Finds the end of the last complete line within the first `bytes`. */
static enum status journal_find_end(const char *path, int64_t bytes, int64_t *end)
{
    FILE *in = fopen(path, "r");
    *end = 0;
    if (!in && errno == ENOENT) return STATUS_OK;
    if (!in) return status_fail(STATUS_OTHER, "%s: cannot be read: %s", path, strerror(errno));
    int64_t at = 0;
    for (int c = getc(in); c != EOF && at < bytes; c = getc(in)) {
        at++;
        if (c == '\n') *end = at;
    }
    bool broken = ferror(in) != 0;
    fclose(in);
    return broken ? status_fail(STATUS_OTHER, "%s: cannot be read", path) : STATUS_OK;
}

enum status journal_reopen(struct journal *j, const char *path, int64_t every_steps, int64_t bytes)
{
    int64_t end;
    TRY(journal_find_end(path, bytes, &end));
    if (end < bytes)
        log_warn("%s: is %" PRId64 " bytes shorter than when the checkpoint was written; lines are missing",
                 path, bytes - end);
    *j = (struct journal){.every_steps = every_steps, .bytes = end};
    if (truncate(path, end) == 0 || errno == ENOENT) j->out = fopen(path, "a");
    return journal_finish_open(j, path);
}

bool journal_is_done(const char *path)
{
    static const char word[] = "{\"kind\": \"done\"";
    char start[sizeof word];
    FILE *in = fopen(path, "r");
    bool done = false, at_start = true;
    while (in && fgets(start, sizeof start, in)) {
        if (at_start) done = strcmp(start, word) == 0;
        at_start = strchr(start, '\n') != NULL;
    }
    if (in) fclose(in);
    return done;
}

/* Reports a write error, and removes the incomplete line. */
static void journal_fail(struct journal *j)
{
    if (!j->torn)
        log_warn("%s: cannot be written: %s; lines will be missing until writing succeeds", j->path,
                 strerror(errno));
    j->torn = true;
    journal_close_stream(j);
    (void)!truncate(j->path, j->bytes);
}

/* Returns whether a line can be written; tries to open the file again after an error. */
static bool journal_is_ready(struct journal *j)
{
    if (j->torn && !j->out && truncate(j->path, j->bytes) == 0) j->out = fopen(j->path, "a");
    return j->out != NULL;
}

void journal_settle(const struct journal *j)
{
    if (j->disk >= 0) fdatasync(j->disk); /* best effort: journal_reopen reports what is missing */
}

static struct json journal_begin_line(struct journal *j, const char *kind)
{
    struct json line = {.out = j->out};
    json_open(&line, NULL, '{');
    json_text(&line, "kind", kind);
    return line;
}

static void journal_end_line(struct journal *j, struct json *line)
{
    json_close(line, '}');
    fputc('\n', j->out);
    if (fflush(j->out) != 0) {
        journal_fail(j);
        return;
    }
    j->bytes = ftello(j->out);
    j->torn = false;
}

void journal_start(struct journal *j, const struct config *config, const struct comm *comm,
                   const struct trainer_info *info)
{
    if (!journal_is_ready(j)) return;
    struct json line = journal_begin_line(j, "start");
    json_text(&line, "version", DDP_VERSION);
    json_text(&line, "name", config->run_name);
    json_int(&line, "seed", config->seed);
    json_int(&line, "ranks", comm_size(comm));
    json_int(&line, "nodes", comm_nodes(comm));
    json_int(&line, "virtual_ranks", info->virtual_ranks);
    json_int(&line, "batch", config->batch);
    json_int(&line, "epochs", config->epochs);
    json_int(&line, "steps_per_epoch", info->steps_per_epoch);
    json_int(&line, "total_steps", info->total_steps);
    json_int(&line, "params", model_param_count(info->model));
    json_int(&line, "layers", model_layer_count(info->model));
    json_text(&line, "train", config->data.train);
    json_text(&line, "val", config->data.val);
    json_int(&line, "train_samples", info->train_samples);
    json_int(&line, "val_samples", info->val_samples);
    if (info->train_left_out) json_int(&line, "train_left_out", info->train_left_out);
    if (info->val_left_out) json_int(&line, "val_left_out", info->val_left_out);
    json_int(&line, "classes", info->classes);
    json_text(&line, "isa", info->isa);
    json_text(&line, "blas", info->blas);
    journal_end_line(j, &line);
}

void journal_resume(struct journal *j, const struct config *config, const struct comm *comm,
                    const struct trainer_info *info, const char *from, const struct trainer_point *point)
{
    if (!journal_is_ready(j)) return;
    struct json line = journal_begin_line(j, "resume");
    json_text(&line, "from", from);
    json_int(&line, "epoch", point->epoch);
    json_int(&line, "position", point->position);
    json_int(&line, "step", point->step);
    json_int(&line, "ranks", comm_size(comm));
    json_int(&line, "nodes", comm_nodes(comm));
    json_int(&line, "virtual_ranks", point->virtual_ranks);
    json_int(&line, "epochs", config->epochs);
    json_int(&line, "total_steps", info->total_steps);
    json_text(&line, "version", DDP_VERSION);
    journal_end_line(j, &line);
}

static void journal_write_accuracy(struct json *line, double accuracy)
{
    if (!isnan(accuracy)) json_real(line, "accuracy", accuracy);
}

void journal_step(struct journal *j, const struct step_event *e)
{
    if (j->every_steps == 0 || e->step % j->every_steps != 0 || !journal_is_ready(j)) return;
    struct json line = journal_begin_line(j, "step");
    json_int(&line, "epoch", e->epoch);
    json_int(&line, "step", e->step);
    json_real(&line, "loss", e->loss);
    journal_write_accuracy(&line, e->accuracy);
    json_real(&line, "lr", e->lr);
    journal_end_line(j, &line);
}

void journal_epoch(struct journal *j, const struct epoch_event *e)
{
    if (!journal_is_ready(j)) return;
    double busy = e->data_seconds + e->compute_seconds + e->sync_seconds;
    struct json line = journal_begin_line(j, "epoch");
    json_int(&line, "epoch", e->epoch);
    json_int(&line, "step", e->step);
    json_real(&line, "loss", e->loss);
    journal_write_accuracy(&line, e->accuracy);
    json_real(&line, "lr", e->lr);
    if (e->bad_steps) json_int(&line, "bad_steps", e->bad_steps);
    if (e->empty_steps) json_int(&line, "empty_steps", e->empty_steps);
    json_real(&line, "seconds", e->seconds);
    json_real(&line, "samples_per_second", e->samples_per_second);
    json_real(&line, "data_share", e->data_seconds / busy);
    json_real(&line, "compute_share", e->compute_seconds / busy);
    json_real(&line, "sync_share", e->sync_seconds / busy);
    json_real(&line, "rank_ms_min", e->ranks.min);
    json_real(&line, "rank_ms_median", e->ranks.median);
    json_real(&line, "rank_ms_max", e->ranks.max);
    json_int(&line, "slowest_rank", e->ranks.slowest);
    journal_end_line(j, &line);
}

void journal_eval(struct journal *j, const struct eval_event *e)
{
    if (!journal_is_ready(j)) return;
    struct json line = journal_begin_line(j, "eval");
    json_text(&line, "split", e->split);
    json_int(&line, "epoch", e->epoch);
    json_int(&line, "step", e->step);
    json_int(&line, "count", e->count);
    if (!isnan(e->accuracy)) json_int(&line, "correct", e->correct);
    json_real(&line, "loss", e->loss);
    for (int64_t i = 0; i < e->metric_count; i++) json_real(&line, e->metric_names[i], e->metrics[i]);
    journal_end_line(j, &line);
}

void journal_done(struct journal *j, const struct done_event *e)
{
    if (!journal_is_ready(j)) return;
    char hash[17];
    snprintf(hash, sizeof hash, "%016" PRIx64, e->weights_hash);
    struct json line = journal_begin_line(j, "done");
    journal_write_accuracy(&line, e->accuracy);
    json_real(&line, "loss", e->loss);
    json_real(&line, "seconds", e->seconds);
    json_real(&line, "samples_per_second", e->samples_per_second);
    json_real(&line, "peak_bytes", e->peak_bytes);
    json_text(&line, "weights_hash", hash);
    journal_end_line(j, &line);
}
