/* list.c - finds, sorts and compares runs. */
#include "app/runs/list.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/config/options.h"
#include "app/config/suggest.h"
#include "app/rundir/rundir.h"
#include "core/log.h"
#include "core/mem.h"

/* A folder may be named twice, alone and by the one that holds it. */
static bool list_has(const struct list *l, const char *path)
{
    struct stat a, b;
    if (stat(path, &a) != 0) return false;
    for (int64_t i = 0; i < l->count; i++)
        if (stat(l->runs[i]->path, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino) return true;
    return false;
}

static enum status list_add_run(struct list *l, const char *path)
{
    struct summary *r = NULL;
    if (list_has(l, path)) return STATUS_OK;
    TRY(mem_grow(&l->runs, &l->room, l->count, sizeof *l->runs, "list of runs"));
    TRY(mem_alloc(&r, 1, sizeof *r, "list of runs"));
    enum status status = summary_read(r, path);
    if (status == STATUS_OK) {
        l->runs[l->count++] = r;
        return STATUS_OK;
    }
    summary_free(r);
    mem_free(&r);
    return status;
}

/* One run with a damaged file must not hide the others. */
static enum status list_try_run(struct list *l, const char *path)
{
    enum status status = list_add_run(l, path);
    if (status != STATUS_DATA) return status;
    log_warn("%s; this run is left out", status_text());
    return STATUS_OK;
}

enum status list_add(struct list *l, const char *path)
{
    enum status status = STATUS_OK;
    if (summary_is_run(path)) return list_add_run(l, path);
    DIR *folder = opendir(path);
    if (!folder) return status_fail(STATUS_CONFIG, "%s: cannot be read: %s", path, strerror(errno));
    for (struct dirent *entry = readdir(folder); entry && status == STATUS_OK; entry = readdir(folder)) {
        char run[RUNDIR_PATH_SIZE];
        if (entry->d_name[0] == '.') continue;
        status = rundir_file(path, entry->d_name, run);
        if (status == STATUS_OK && summary_is_run(run)) status = list_try_run(l, run);
    }
    closedir(folder);
    return status;
}

/* What list_sort sorts by; the larger comes first. */
struct list_order {
    double value;
    struct summary *run;
};

static int list_by_order(const void *a, const void *b)
{
    const struct list_order *x = a, *y = b;
    if (isnan(x->value) != isnan(y->value)) return isnan(x->value) - isnan(y->value);
    if (x->value < y->value || x->value > y->value) return x->value < y->value ? 1 : -1;
    return strcmp(x->run->path, y->run->path);
}

static enum status list_fail_unknown(const struct list *l, const char *by)
{
    struct suggest s;
    suggest_start(&s, by);
    for (int64_t i = 0; i < l->count; i++)
        for (int m = 0; m < l->runs[i]->metric_count; m++) suggest_offer(&s, l->runs[i]->metrics[m].name);
    return status_fail(
        STATUS_CONFIG,
        "--sort: no run has a metric '%s'%s (name, time, rate, epochs, train.loss, val.loss, ...)", by,
        suggest_hint(&s));
}

static double list_rank(const struct summary *r, const char *by)
{
    if (strcmp(by, "time") == 0) return r->seconds;
    if (strcmp(by, "rate") == 0) return r->rate;
    if (strcmp(by, "epochs") == 0) return (double)r->epoch;
    const struct summary_metric *m = summary_find(r, by);
    return !m ? NAN : m->lower_is_better ? -m->best : m->best;
}

enum status list_sort(struct list *l, const char *by)
{
    struct list_order *order;
    bool any = l->count == 0 || strcmp(by, "name") == 0;
    TRY(mem_alloc(&order, (size_t)l->count, sizeof *order, "list of runs"));
    for (int64_t i = 0; i < l->count; i++) {
        order[i] = (struct list_order){list_rank(l->runs[i], by), l->runs[i]};
        any = any || !isnan(order[i].value);
    }
    if (l->count) qsort(order, (size_t)l->count, sizeof *order, list_by_order);
    for (int64_t i = 0; i < l->count; i++) l->runs[i] = order[i].run;
    mem_free(&order);
    return any ? STATUS_OK : list_fail_unknown(l, by);
}

/* One run, compared with the first. */
struct list_comparison {
    struct list *list;
    int64_t run;
    enum status status;
};

static bool list_is_aside(const char *key)
{
    static const char *const aside[] = {"run.name", "log.", "checkpoint.", "sync."};
    for (size_t i = 0; i < sizeof aside / sizeof *aside; i++)
        if (strncmp(key, aside[i], strlen(aside[i])) == 0) return true;
    return false;
}

static struct list_key *list_get_key(struct list_comparison *c, const char *name, const char *first)
{
    struct list *l = c->list;
    for (int64_t i = 0; i < l->key_count; i++)
        if (strcmp(l->keys[i].name, name) == 0) return &l->keys[i];
    c->status = mem_grow(&l->keys, &l->key_room, l->key_count, sizeof *l->keys, "list of keys");
    if (c->status != STATUS_OK) return NULL;
    struct list_key *key = &l->keys[l->key_count++];
    c->status = mem_copy_text(&key->name, name);
    if (c->status == STATUS_OK) c->status = mem_copy_text(&key->first, first);
    if (c->status == STATUS_OK)
        c->status = mem_alloc(&key->values, (size_t)l->count, sizeof *key->values, "list of keys");
    return c->status == STATUS_OK ? key : NULL;
}

static void list_add_difference(void *self, const char *key, const char *was, const char *is, bool may_change)
{
    struct list_comparison *c = self;
    (void)may_change;
    if (c->status != STATUS_OK || list_is_aside(key)) return;
    struct list_key *k = list_get_key(c, key, was);
    if (k) c->status = mem_copy_text(&k->values[c->run], is);
}

/* Layers can be many, and a table for people shows the first keys only. */
static void list_put_model_last(struct list *l)
{
    int64_t others = 0;
    for (int64_t i = 0; i < l->key_count; i++) {
        struct list_key key = l->keys[i];
        if (strncmp(key.name, "model.", 6) == 0) continue;
        memmove(&l->keys[others + 1], &l->keys[others], (size_t)(i - others) * sizeof key);
        l->keys[others++] = key;
    }
}

enum status list_compare(struct list *l)
{
    int64_t first = 0;
    while (first < l->count && !l->runs[first]->has_config) first++;
    for (int64_t i = first + 1; i < l->count; i++) {
        struct list_comparison c = {l, i, STATUS_OK};
        if (!l->runs[i]->has_config) continue;
        TRY(options_compare(&l->runs[first]->config, &l->runs[i]->config, list_add_difference, &c));
        TRY(c.status);
    }
    list_put_model_last(l);
    return STATUS_OK;
}

const char *list_value(const struct list *l, int64_t key, int64_t run)
{
    const struct list_key *k = &l->keys[key];
    if (!l->runs[run]->has_config) return "";
    return k->values[run] ? k->values[run] : k->first;
}

void list_free(struct list *l)
{
    for (int64_t i = 0; i < l->key_count; i++) {
        struct list_key *k = &l->keys[i];
        for (int64_t r = 0; k->values && r < l->count; r++) mem_free(&k->values[r]);
        mem_free(&k->values);
        mem_free(&k->name);
        mem_free(&k->first);
    }
    mem_free(&l->keys);
    for (int64_t i = 0; i < l->count; i++) {
        summary_free(l->runs[i]);
        mem_free(&l->runs[i]);
    }
    mem_free(&l->runs);
    *l = (struct list){.count = 0};
}
