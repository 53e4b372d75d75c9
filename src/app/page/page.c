/* page.c - writes report.html. */
#include "app/page/page.h"

#include <stdlib.h>
#include <string.h>

#include "app/page/assets.h"
#include "app/rundir/rundir.h"
#include "app/runs/events.h"
#include "io/json.h"
#include "io/json_object.h"
#include "io/outfile.h"

#define POINTS_SHOWN 1000 /* of a curve; more make the page large, and no screen has the pixels */
#define FILE_MAX     ((size_t)256 << 20) /* bytes of a file of a run */

/* Reads a file of a run; *text is NULL if there is none, or none of a size that a run writes. Released with free. */
static void page_read_file(const char *folder, const char *name, char **text)
{
    char path[RUNDIR_PATH_SIZE];
    size_t size = 0;
    *text = NULL;
    FILE *in = rundir_file(folder, name, path) == STATUS_OK ? fopen(path, "r") : NULL;
    FILE *copy = in ? open_memstream(text, &size) : NULL;
    char block[16384];
    size_t all = 0;
    for (size_t n; copy && all < FILE_MAX && (n = fread(block, 1, sizeof block, in)) > 0; all += n)
        fwrite(block, 1, n, copy);
    bool whole = copy && !ferror(in) && !ferror(copy) && all < FILE_MAX;
    if (copy) fclose(copy);
    if (in) fclose(in);
    if (whole) return;
    free(*text);
    *text = NULL;
}

static bool page_is_object(const char *text)
{
    struct json_object *o;
    if (json_object_read(&o, text) != STATUS_OK) return false;
    json_object_free(&o);
    return true;
}

/* Writes a member whose value is a file with one JSON object. */
static void page_put_object(struct json *j, const char *key, const char *folder, const char *name)
{
    char *text;
    page_read_file(folder, name, &text);
    if (text && page_is_object(text)) json_raw(j, key, text, strlen(text));
    free(text);
}

static void page_put_text(struct json *j, const char *key, const char *folder, const char *name)
{
    char *text;
    page_read_file(folder, name, &text);
    json_text(j, key, text);
    free(text);
}

/* Which lines of metrics.jsonl are shown: every n-th step and every m-th epoch, the last ones in any case. */
struct page_thinning {
    int64_t steps, epochs; /* of the run */
    int64_t every_step, every_epoch, step;
};

static bool page_is(const char *line, const char *kind)
{
    static const char start[] = "{\"kind\": \"";
    return strncmp(line, start, sizeof start - 1) == 0 &&
           strncmp(line + sizeof start - 1, kind, strlen(kind)) == 0;
}

static struct page_thinning page_thin(const char *text, int64_t epochs)
{
    struct page_thinning t = {.epochs = epochs};
    for (const char *line = text; *line; line += strcspn(line, "\n") + (strchr(line, '\n') != NULL))
        t.steps += page_is(line, "step");
    t.every_step = (t.steps + POINTS_SHOWN - 1) / POINTS_SHOWN;
    t.every_epoch = (epochs + POINTS_SHOWN - 1) / POINTS_SHOWN;
    return t;
}

static bool page_shows(struct page_thinning *t, const char *line, const struct json_object *event)
{
    if (page_is(line, "step")) return t->step++ % t->every_step == 0 || t->step == t->steps;
    if (!page_is(line, "epoch") && !page_is(line, "eval")) return true;
    int64_t epoch = events_whole(event, "epoch");
    return t->every_epoch < 2 || epoch % t->every_epoch == 0 || epoch == t->epochs;
}

/* A last line that is being written is left out. */
static void page_put_events(struct json *j, char *text, int64_t epochs)
{
    struct page_thinning t = page_thin(text, epochs);
    for (char *line = text, *end = strchr(line, '\n'); end; line = end + 1, end = strchr(line, '\n')) {
        struct json_object *event;
        *end = 0;
        if (json_object_read(&event, line) != STATUS_OK) continue;
        if (page_shows(&t, line, event)) json_raw(j, NULL, line, strlen(line));
        json_object_free(&event);
    }
}

/* What curves that are thinned out do not say. */
static void page_put_summary(struct json *j, const struct summary *s)
{
    json_text(j, "state", summary_state_name(s->state));
    json_int(j, "epoch", s->epoch);
    json_int(j, "epochs", s->epochs);
    json_real(j, "seconds", s->seconds);
    json_open(j, "metrics", '{');
    for (int i = 0; i < s->metric_count; i++) {
        const struct summary_metric *m = &s->metrics[i];
        json_open(j, m->name, '{');
        json_bool(j, "lower_is_better", m->lower_is_better);
        json_real(j, "best", m->best);
        json_int(j, "epoch", m->best_epoch);
        json_close(j, '}');
    }
    json_close(j, '}');
}

static void page_put_run(struct json *j, const struct list *l, int64_t run)
{
    const struct summary *s = l->runs[run];
    char *events;
    page_read_file(s->path, "metrics.jsonl", &events);
    json_open(j, NULL, '{');
    json_text(j, "name", strrchr(s->path, '/') ? strrchr(s->path, '/') + 1 : s->path);
    json_text(j, "path", s->path);
    page_put_summary(j, s);
    json_open(j, "values", '[');
    for (int64_t k = 0; k < l->key_count; k++) json_text(j, NULL, list_value(l, k, run));
    json_close(j, ']');
    json_open(j, "events", '[');
    if (events) page_put_events(j, events, s->epoch);
    json_close(j, ']');
    page_put_object(j, "report", s->path, "report.json");
    page_put_object(j, "env", s->path, "env.json");
    page_put_text(j, "config", s->path, "config.yaml");
    page_put_text(j, "model", s->path, "model.svg");
    json_close(j, '}');
    free(events);
}

static void page_put_runs(FILE *out, const struct list *l)
{
    struct json j = {.out = out};
    json_open(&j, NULL, '{');
    json_text(&j, "version", DDP_VERSION);
    json_open(&j, "keys", '[');
    for (int64_t k = 0; k < l->key_count; k++) json_text(&j, NULL, l->keys[k].name);
    json_close(&j, ']');
    json_open(&j, "runs", '[');
    for (int64_t i = 0; i < l->count; i++) page_put_run(&j, l, i);
    json_close(&j, ']');
    json_close(&j, '}');
}

/* A '<' in a text of the runs must not end the element that holds the data. */
static enum status page_put_data(FILE *out, const struct list *l)
{
    char *text = NULL;
    size_t size;
    FILE *memory = open_memstream(&text, &size);
    if (memory) page_put_runs(memory, l);
    bool whole = memory && !ferror(memory);
    if (memory && fclose(memory) != 0) whole = false;
    for (size_t i = 0; whole && i < size; i++)
        if (text[i] == '<')
            fputs("\\u003c", out);
        else
            fputc(text[i], out);
    free(text);
    return whole ? STATUS_OK : status_fail(STATUS_OTHER, "out of memory for report.html");
}

enum status page_write(const struct list *l, const char *path)
{
    FILE *out;
    TRY(outfile_open(&out, path));
    fprintf(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<title>ddp_train</title>\n<style>\n%s</style>\n</head>\n"
        "<body>\n<main></main>\n<script type=\"application/json\" id=\"data\">",
        assets_css);
    enum status status = page_put_data(out, l);
    if (status != STATUS_OK) {
        outfile_discard(out, path);
        return status;
    }
    fprintf(out, "</script>\n<script>\n%s%s%s</script>\n</body>\n</html>\n", assets_charts, assets_tables,
            assets_page);
    return outfile_close(out, path);
}

enum status page_write_run(const char *folder, enum run_state state)
{
    struct list l = {.count = 0};
    char path[RUNDIR_PATH_SIZE];
    enum status status = rundir_file(folder, "report.html", path);
    if (status == STATUS_OK) status = list_add(&l, folder);
    if (status == STATUS_OK && l.count == 1) l.runs[0]->state = state;
    if (status == STATUS_OK) status = page_write(&l, path);
    list_free(&l);
    return status;
}
