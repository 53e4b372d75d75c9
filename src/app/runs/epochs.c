/* epochs.c - writes metrics.csv: the first pass over metrics.jsonl finds the columns, the second one writes rows. */
#include "app/runs/epochs.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "app/rundir/rundir.h"
#include "app/runs/events.h"
#include "core/number.h"
#include "io/outfile.h"

#define COLUMNS_MAX 256
#define NAME_SIZE   64

static const char *const first_columns[] = {"epoch", "step", "lr", "train.loss", "train.accuracy", NULL};
static const char *const last_columns[] = {"seconds",       "samples_per_second", "data_share",
                                           "compute_share", "sync_share",         NULL};

struct table {
    char names[COLUMNS_MAX][NAME_SIZE];
    int count;
    double values[COLUMNS_MAX]; /* of the row */
    bool has_row;
    FILE *out;
};

static int epochs_find(const struct table *t, const char *name)
{
    int column = 0;
    while (column < t->count && strcmp(t->names[column], name) != 0) column++;
    return column;
}

static void epochs_add_column(struct table *t, const char *name)
{
    if (t->count < COLUMNS_MAX && epochs_find(t, name) == t->count)
        snprintf(t->names[t->count++], NAME_SIZE, "%s", name);
}

static void epochs_add_columns(struct table *t, const char *const *names)
{
    for (; *names; names++) epochs_add_column(t, *names);
}

static void epochs_add_metric(void *self, const char *key, double value)
{
    char name[NAME_SIZE];
    (void)value;
    snprintf(name, sizeof name, "val.%s", key);
    if (strcmp(key, "epoch") != 0 && strcmp(key, "step") != 0) epochs_add_column(self, name);
}

static void epochs_find_columns(void *self, const struct json_object *line)
{
    if (events_is_val(line)) json_object_each_number(line, epochs_add_metric, self);
}

/* What is no column, such as "val.epoch", is left out. */
static void epochs_set(struct table *t, const char *prefix, const char *key, double value)
{
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%s%s", prefix, key);
    int column = epochs_find(t, name);
    if (column < t->count) t->values[column] = value;
}

static void epochs_set_train(void *self, const char *key, double value)
{
    bool metric = strcmp(key, "loss") == 0 || strcmp(key, "accuracy") == 0;
    epochs_set(self, metric ? "train." : "", key, value);
}

static void epochs_set_val(void *self, const char *key, double value)
{
    epochs_set(self, "val.", key, value);
}

static void epochs_end_row(struct table *t)
{
    char text[NUMBER_TEXT_SIZE];
    for (int i = 0; i < t->count && t->has_row; i++) {
        *text = '\0';
        if (isfinite(t->values[i])) number_format(t->values[i], text);
        fprintf(t->out, "%s%s", text, i + 1 < t->count ? "," : "\n");
    }
    for (int i = 0; i < t->count; i++) t->values[i] = NAN;
    t->has_row = false;
}

/* The evaluation of an epoch follows its line. */
static void epochs_add_line(void *self, const struct json_object *line)
{
    struct table *t = self;
    if (events_is_epoch(line)) {
        epochs_end_row(t);
        t->has_row = true;
        json_object_each_number(line, epochs_set_train, t);
    } else if (events_is_val(line) && t->has_row && json_object_number(line, "epoch") == t->values[0]) {
        json_object_each_number(line, epochs_set_val, t);
    }
}

static enum status epochs_write_rows(struct table *t, const char *folder)
{
    for (int i = 0; i < t->count; i++) fprintf(t->out, "%s%s", t->names[i], i + 1 < t->count ? "," : "\n");
    epochs_end_row(t);
    TRY(events_each(folder, epochs_add_line, t));
    epochs_end_row(t);
    return STATUS_OK;
}

enum status epochs_write(const char *folder)
{
    char path[RUNDIR_PATH_SIZE];
    struct table t = {.count = 0};
    TRY(rundir_file(folder, "metrics.csv", path));
    epochs_add_columns(&t, first_columns);
    TRY(events_each(folder, epochs_find_columns, &t));
    epochs_add_columns(&t, last_columns);
    TRY(outfile_open(&t.out, path));
    enum status status = epochs_write_rows(&t, folder);
    if (status == STATUS_OK) return outfile_close(t.out, path);
    outfile_discard(t.out, path);
    return status;
}
