/* listing.c - prints a list of runs for people and for programs. */
#include "app/runs/listing.h"

#include <math.h>
#include <string.h>

#include "app/runs/grid.h"
#include "core/number.h"
#include "core/utf8.h"
#include "io/json.h"

#define KEYS_SHOWN  6
#define VALUE_SHOWN 24 /* characters of a value */

struct listing_names {
    const char *of[SUMMARY_METRICS];
    int count;
};

static void listing_add_name(struct listing_names *n, const char *name)
{
    for (int i = 0; i < n->count; i++)
        if (strcmp(n->of[i], name) == 0) return;
    if (n->count < SUMMARY_METRICS) n->of[n->count++] = name;
}

/* The names that some run has, for people only the few that tell most. */
static void listing_find_names(const struct list *l, bool all, struct listing_names *n)
{
    for (int64_t i = 0; i < l->count; i++)
        for (int m = 0; m < l->runs[i]->metric_count; m++) {
            const char *name = l->runs[i]->metrics[m].name, *point = strchr(name, '.') + 1;
            struct metric metric;
            bool primary = strncmp(name, "val.", 4) == 0 && metric_find(point, &metric) &&
                           metric.ops->primary && metric.average == AVERAGE_PLAIN;
            if (all || primary || strcmp(name, "val.loss") == 0 || strcmp(name, "train.loss") == 0)
                listing_add_name(n, name);
        }
}

static enum status listing_add_time(struct grid *g, double seconds)
{
    long long whole = isnan(seconds) ? 0 : (long long)(seconds + 0.5);
    if (isnan(seconds)) return grid_add(g, "-");
    if (seconds < 60) return grid_add(g, "%.1f s", seconds);
    if (whole < 3600) return grid_add(g, "%lld:%02lld", whole / 60, whole % 60);
    return grid_add(g, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
}

static enum status listing_add_metric(struct grid *g, const struct summary *r, const char *name)
{
    const struct summary_metric *m = summary_find(r, name);
    return m && !isnan(m->best) ? grid_add(g, "%.4g", m->best) : grid_add(g, "-");
}

/* Values may hold what users typed. */
static enum status listing_add_value(struct grid *g, const char *value)
{
    char text[4 * VALUE_SHOWN + 4];
    size_t bytes = utf8_bytes(value, VALUE_SHOWN);
    snprintf(text, sizeof text, "%.*s%s", (int)bytes, value, value[bytes] ? "..." : "");
    utf8_mask_controls(text);
    return grid_add(g, "%s", text);
}

static enum status listing_add_run(struct grid *g, const struct list *l, int64_t run,
                                   const struct listing_names *names, int keys)
{
    const struct summary *r = l->runs[run];
    TRY(listing_add_value(g, strrchr(r->path, '/') ? strrchr(r->path, '/') + 1 : r->path));
    TRY(grid_add(g, "%s", summary_state_name(r->state)));
    TRY(grid_add(g, "%lld/%lld", (long long)r->epoch, (long long)r->epochs));
    for (int i = 0; i < names->count; i++) TRY(listing_add_metric(g, r, names->of[i]));
    TRY(listing_add_time(g, r->seconds));
    TRY(isnan(r->rate) ? grid_add(g, "-") : grid_add(g, "%.0f", r->rate));
    for (int k = 0; k < keys; k++) TRY(listing_add_value(g, list_value(l, k, run)));
    return STATUS_OK;
}

static enum status listing_fill(struct grid *g, const struct list *l, const struct listing_names *names,
                                int keys)
{
    static const char *const before[] = {"run", "state", "epochs"}, *const after[] = {"time", "samples/s"};
    g->columns = 5 + names->count + keys;
    for (int i = 0; i < 3; i++) TRY(grid_add(g, "%s", before[i]));
    for (int i = 0; i < names->count; i++) TRY(grid_add(g, "%s", names->of[i]));
    for (int i = 0; i < 2; i++) TRY(grid_add(g, "%s", after[i]));
    for (int k = 0; k < keys; k++) TRY(grid_add(g, "%s", l->keys[k].name));
    for (int64_t i = 0; i < l->count; i++) TRY(listing_add_run(g, l, i, names, keys));
    return STATUS_OK;
}

enum status listing_print(const struct list *l, const char *metric, FILE *out)
{
    struct grid g = {.columns = 0};
    struct listing_names names = {.count = 0};
    int keys = l->key_count < KEYS_SHOWN ? (int)l->key_count : KEYS_SHOWN;
    listing_find_names(l, false, &names);
    if (metric && strchr(metric, '.')) listing_add_name(&names, metric);
    enum status status = listing_fill(&g, l, &names, keys);
    if (status == STATUS_OK) status = grid_print(&g, 2, out);
    if (status == STATUS_OK && l->key_count > keys)
        fprintf(out, "%lld more keys differ; --json and --csv write all\n", (long long)l->key_count - keys);
    grid_free(&g);
    return status;
}

static enum status listing_add_number(struct grid *g, double value)
{
    char text[NUMBER_TEXT_SIZE] = "";
    if (isfinite(value)) number_format(value, text);
    return grid_add(g, "%s", text);
}

static enum status listing_add_row(struct grid *g, const struct list *l, int64_t run,
                                   const struct listing_names *names)
{
    const struct summary *r = l->runs[run];
    TRY(grid_add(g, "%s", r->path));
    TRY(grid_add(g, "%s", summary_state_name(r->state)));
    TRY(grid_add(g, "%lld", (long long)r->epoch));
    TRY(grid_add(g, "%lld", (long long)r->epochs));
    TRY(grid_add(g, "%lld", (long long)r->ranks));
    TRY(listing_add_number(g, r->seconds));
    TRY(listing_add_number(g, r->rate));
    for (int i = 0; i < names->count; i++) {
        const struct summary_metric *m = summary_find(r, names->of[i]);
        TRY(listing_add_number(g, m ? m->best : NAN));
        TRY(m ? grid_add(g, "%lld", (long long)m->best_epoch) : grid_add(g, "%s", ""));
        TRY(listing_add_number(g, m ? m->last : NAN));
    }
    for (int64_t k = 0; k < l->key_count; k++) TRY(grid_add(g, "%s", list_value(l, k, run)));
    return STATUS_OK;
}

static enum status listing_fill_rows(struct grid *g, const struct list *l, const struct listing_names *names)
{
    static const char *const before[] = {
        "run", "state", "epoch", "epochs", "ranks", "seconds", "samples_per_second"};
    enum { BEFORE = sizeof before / sizeof *before };
    g->columns = BEFORE + 3 * names->count + (int)l->key_count;
    for (int i = 0; i < BEFORE; i++) TRY(grid_add(g, "%s", before[i]));
    for (int i = 0; i < names->count; i++) {
        TRY(grid_add(g, "%s", names->of[i]));
        TRY(grid_add(g, "%s.epoch", names->of[i]));
        TRY(grid_add(g, "%s.last", names->of[i]));
    }
    for (int64_t k = 0; k < l->key_count; k++) TRY(grid_add(g, "%s", l->keys[k].name));
    for (int64_t i = 0; i < l->count; i++) TRY(listing_add_row(g, l, i, names));
    return STATUS_OK;
}

enum status listing_write_csv(const struct list *l, FILE *out)
{
    struct grid g = {.columns = 0};
    struct listing_names names = {.count = 0};
    listing_find_names(l, true, &names);
    enum status status = listing_fill_rows(&g, l, &names);
    if (status == STATUS_OK) grid_write_csv(&g, out);
    grid_free(&g);
    return status;
}

static void listing_write_run(struct json *j, const struct list *l, int64_t run)
{
    const struct summary *r = l->runs[run];
    json_open(j, NULL, '{');
    json_text(j, "run", r->path);
    json_text(j, "state", summary_state_name(r->state));
    json_int(j, "epoch", r->epoch);
    json_int(j, "epochs", r->epochs);
    json_int(j, "ranks", r->ranks);
    json_real(j, "seconds", r->seconds);
    json_real(j, "samples_per_second", r->rate);
    json_open(j, "metrics", '{');
    for (int i = 0; i < r->metric_count; i++) {
        const struct summary_metric *m = &r->metrics[i];
        json_open(j, m->name, '{');
        json_real(j, "best", m->best);
        json_int(j, "epoch", m->best_epoch);
        json_real(j, "last", m->last);
        json_close(j, '}');
    }
    json_close(j, '}');
    json_open(j, "differs", '{');
    for (int64_t k = 0; k < l->key_count; k++)
        json_text(j, l->keys[k].name, r->has_config ? list_value(l, k, run) : NULL);
    json_close(j, '}');
    json_close(j, '}');
}

void listing_write_json(const struct list *l, FILE *out)
{
    struct json j = {.out = out};
    json_open(&j, NULL, '[');
    for (int64_t i = 0; i < l->count; i++) listing_write_run(&j, l, i);
    json_close(&j, ']');
    fputc('\n', out);
}
