/* csv_labels.c - reads labels of samples from a CSV file, and finds them by name. */
#include "data/source/csv_labels.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/number.h"
#include "data/convert/csv_row.h"
#include "data/source/h5/labels.h"
#include "data/source/names.h"

#define COLUMNS_MAX 100000
#define PATH_ROOM   4096               /* bytes of the name of a sample */
#define EXACT_MAX   9007199254740992.0 /* 2^53: whole numbers up to here are exact */

struct csv_entry {
    const char *name;
    int64_t line, row;
    bool claimed; /* by a sample */
};

struct csv_labels {
    char *path;
    struct table_text text;
    struct csv_row row;
    int64_t header; /* cells of the first line */
    char **names;   /* of the columns with labels */
    int64_t *cells; /* [width]: where they are */
    struct labels labels;
    char *pool; /* names of samples, one behind the other */
    size_t pool_bytes, pool_room;
    struct csv_entry *entries;  /* [rows]; sorted by name in the end */
    union label_number *values; /* [rows][width]; of real numbers until all are read */
    int64_t rows, room;
    char where[512];
};

static enum status csv_labels_fail(const struct csv_labels *t, const char *what, const char *text)
{
    return status_fail(STATUS_DATA, "%s: line %" PRId64 ": %s%s%.100s%s", t->path, t->row.line, what,
                       text ? " '" : "", text ? text : "", text ? "'" : "");
}

/* ---- the header ---- */

static int64_t csv_labels_find_column(const struct csv_labels *t, const char *name)
{
    for (int64_t c = 1; c < t->header; c++)
        if (strcmp(csv_row_cell(&t->row, c), name) == 0) return c;
    return -1;
}

/* The usual names, or the only column beside the names of samples. */
static const char *csv_labels_usual_column(const struct csv_labels *t)
{
    for (const char *const *name = find_label_names; *name; name++)
        if (csv_labels_find_column(t, *name) > 0) return *name;
    return t->header == 2 ? csv_row_cell(&t->row, 1) : NULL;
}

static enum status csv_labels_choose_columns(struct csv_labels *t, const char *columns)
{
    const char *list = columns ? columns : csv_labels_usual_column(t);
    if (!list)
        return status_fail(STATUS_DATA,
                           "%s: none of the %" PRId64 " columns is called label; name it with data.y, or --y",
                           t->path, t->header);
    TRY(names_split(list, &t->names, &t->labels.width));
    if (!columns && t->labels.width > 1) t->labels.width = 1, memcpy(t->names[0], list, strlen(list) + 1);
    TRY(mem_alloc(&t->cells, (size_t)t->labels.width, sizeof *t->cells, "columns"));
    for (int64_t k = 0; k < t->labels.width; k++) {
        t->cells[k] = csv_labels_find_column(t, t->names[k]);
        if (t->cells[k] < 0)
            return status_fail(STATUS_DATA,
                               "%s: has no column '%.100s' behind the first one, which names samples",
                               t->path, t->names[k]);
    }
    return STATUS_OK;
}

static enum status csv_labels_read_header(struct csv_labels *t, const char *columns)
{
    bool end;
    double number;
    TRY(csv_row_next(&t->row, COLUMNS_MAX, &end));
    if (end) return status_fail(STATUS_DATA, "%s: is empty", t->path);
    t->header = t->row.count;
    if (t->header < 2 || t->header > COLUMNS_MAX)
        return status_fail(STATUS_DATA,
                           "%s: has %" PRId64 " columns; expected the name of a sample, and labels", t->path,
                           t->header);
    for (int64_t c = 1; c < t->header; c++)
        if (number_scan(csv_row_cell(&t->row, c), &number))
            return csv_labels_fail(t, "has to name the columns, but holds the number",
                                   csv_row_cell(&t->row, c));
    return csv_labels_choose_columns(t, columns);
}

/* ---- the lines ---- */

static enum status csv_labels_grow(void **block, size_t used, size_t room)
{
    char *grown = NULL;
    TRY(mem_alloc(&grown, room, 1, "table of labels"));
    if (used) memcpy(grown, *block, used);
    mem_free(block);
    *block = grown;
    return STATUS_OK;
}

/* Names are kept as offsets until the pool does not move any longer. */
static enum status csv_labels_keep_name(struct csv_labels *t, const char *name)
{
    size_t bytes = strlen(name) + 1;
    if (bytes > PATH_ROOM) return csv_labels_fail(t, "has a name that is too long", name);
    if (t->pool_bytes + bytes > t->pool_room) {
        size_t room = 2 * (t->pool_room + PATH_ROOM);
        TRY(csv_labels_grow((void **)&t->pool, t->pool_bytes, room));
        t->pool_room = room;
    }
    memcpy(t->pool + t->pool_bytes, name, bytes);
    t->pool_bytes += bytes;
    return STATUS_OK;
}

static enum status csv_labels_make_room(struct csv_labels *t)
{
    if (t->rows < t->room) return STATUS_OK;
    size_t room = 2 * (size_t)t->room + 64, rows = (size_t)t->rows,
           row = (size_t)t->labels.width * sizeof *t->values;
    TRY(csv_labels_grow((void **)&t->entries, rows * sizeof *t->entries, room * sizeof *t->entries));
    TRY(csv_labels_grow((void **)&t->values, rows * row, room * row));
    t->room = (int64_t)room;
    return STATUS_OK;
}

static enum status csv_labels_read_value(struct csv_labels *t, int64_t k, union label_number *out)
{
    const char *cell = csv_row_cell(&t->row, t->cells[k]);
    if (!*cell) return csv_labels_fail(t, "has no value in the column", t->names[k]);
    if (!number_scan(cell, &out->real))
        return csv_labels_fail(t, "holds a label that is no number; number the classes from 0:", cell);
    if (strspn(cell, "+-0123456789") != strlen(cell)) t->labels.integers = false;
    if (t->labels.integers && (out->real > EXACT_MAX || out->real < -EXACT_MAX))
        return csv_labels_fail(t, "holds a label that is too large:", cell);
    return STATUS_OK;
}

static enum status csv_labels_read_line(struct csv_labels *t)
{
    if (t->row.count != t->header)
        return status_fail(STATUS_DATA,
                           "%s: line %" PRId64 ": has %" PRId64 " cells where the first line has %" PRId64,
                           t->path, t->row.line, t->row.count, t->header);
    const char *name = csv_row_cell(&t->row, 0);
    if (!*name) return csv_labels_fail(t, "names no sample in its first cell", NULL);
    TRY(csv_labels_make_room(t));
    t->entries[t->rows] = (struct csv_entry){.line = t->row.line, .row = t->rows};
    TRY(csv_labels_keep_name(t, name));
    for (int64_t k = 0; k < t->labels.width; k++)
        TRY(csv_labels_read_value(t, k, &t->values[t->rows * t->labels.width + k]));
    t->rows++;
    return STATUS_OK;
}

static int csv_labels_compare(const void *a, const void *b)
{
    const struct csv_entry *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->line > y->line) - (x->line < y->line);
}

static enum status csv_labels_sort(struct csv_labels *t)
{
    const char *name = t->pool;
    for (int64_t i = 0; i < t->rows; i++) {
        t->entries[i].name = name;
        name += strlen(name) + 1;
    }
    qsort(t->entries, (size_t)t->rows, sizeof *t->entries, csv_labels_compare);
    for (int64_t i = 1; i < t->rows; i++)
        if (strcmp(t->entries[i].name, t->entries[i - 1].name) == 0)
            return status_fail(STATUS_DATA,
                               "%s: lines %" PRId64 " and %" PRId64 " both name '%.100s'; leave one out",
                               t->path, t->entries[i - 1].line, t->entries[i].line, t->entries[i].name);
    return STATUS_OK;
}

static enum status csv_labels_read(struct csv_labels *t, const char *columns)
{
    char delimiter;
    bool end = false;
    TRY(table_text_open(&t->text, t->path));
    TRY(csv_row_find_delimiter(&t->text, &delimiter));
    csv_row_begin(&t->row, &t->text, delimiter);
    TRY(csv_labels_read_header(t, columns));
    t->labels.integers = true;
    for (;;) {
        TRY(csv_row_next(&t->row, t->header, &end));
        if (end) break;
        TRY(csv_labels_read_line(t));
    }
    if (t->rows == 0)
        return status_fail(STATUS_DATA, "%s: has no line below the names of its columns", t->path);
    for (int64_t i = 0; t->labels.integers && i < t->rows * t->labels.width; i++)
        t->values[i].integer = (int64_t)t->values[i].real;
    return csv_labels_sort(t);
}

enum status csv_labels_open(struct csv_labels **out, const char *path, const char *columns)
{
    TRY(mem_alloc(out, 1, sizeof **out, "table of labels"));
    struct csv_labels *t = *out;
    enum status status = mem_copy_text(&t->path, path);
    if (status == STATUS_OK) status = csv_labels_read(t, columns);
    csv_row_free(&t->row);
    table_text_close(&t->text);
    if (status != STATUS_OK) {
        csv_labels_close(out);
        return status;
    }
    snprintf(t->where, sizeof t->where, "%.300s: %.100s%s", path, t->names[0],
             t->labels.width > 1 ? ", ..." : "");
    return STATUS_OK;
}

void csv_labels_close(struct csv_labels **t)
{
    if (!*t) return;
    mem_free(&(*t)->path);
    mem_free(&(*t)->names);
    mem_free(&(*t)->cells);
    mem_free(&(*t)->pool);
    mem_free(&(*t)->entries);
    mem_free(&(*t)->values);
    mem_free(t);
}

struct csv_labels_facts csv_labels_get_facts(const struct csv_labels *t)
{
    return (struct csv_labels_facts){.width = t->labels.width,
                                     .integers = t->labels.integers,
                                     .where = t->where,
                                     .columns = (const char *const *)t->names};
}

/* ---- samples ---- */

static int csv_labels_compare_name(const void *name, const void *entry)
{
    return strcmp(name, ((const struct csv_entry *)entry)->name);
}

static struct csv_entry *csv_labels_look_up(const struct csv_labels *t, const char *name)
{
    return bsearch(name, t->entries, (size_t)t->rows, sizeof *t->entries, csv_labels_compare_name);
}

/* Tries the whole path first, then with a folder less each time, and each with the extension first. */
static struct csv_entry *csv_labels_find(const struct csv_labels *t, const char *path)
{
    char bare[PATH_ROOM + 1];
    struct csv_entry *found = NULL;
    const char *last = strrchr(path, '/'), *dot = strrchr(path, '.');
    last = last ? last + 1 : path;
    size_t length = dot && dot > last ? (size_t)(dot - path) : strlen(path);
    bool fits = length < sizeof bare;
    if (fits) snprintf(bare, sizeof bare, "%.*s", (int)length, path);
    for (const char *name = path; !found && name <= last; name++) {
        if (name > path && name[-1] != '/') continue;
        found = csv_labels_look_up(t, name);
        if (!found && fits && *name) found = csv_labels_look_up(t, bare + (name - path));
    }
    return found;
}

enum status csv_labels_claim(struct csv_labels *t, const char *name)
{
    struct csv_entry *found = csv_labels_find(t, name);
    if (!found) return STATUS_OK; /* who takes its label says so */
    if (found->claimed)
        return status_fail(STATUS_DATA,
                           "%s: line %" PRId64 ": '%.100s' names %s and a sample before it; write as much of "
                           "their paths as tells them apart",
                           t->path, found->line, found->name, name);
    found->claimed = true;
    return STATUS_OK;
}

enum status csv_labels_take(struct csv_labels *t, const char *name, int64_t number, int32_t *labels,
                            float *targets)
{
    const struct csv_entry *found = csv_labels_find(t, name);
    const char *last = strrchr(name, '/');
    if (!found)
        return status_fail(STATUS_DATA,
                           "%s: has no line for %s: none of its %" PRId64
                           " names is '%.100s' (the first one is '%.100s'); the first column has to name "
                           "each file or object as it is called in the data",
                           t->path, name, t->rows, last ? last + 1 : name, t->pool);
    t->labels.block = t->values + found->row * t->labels.width;
    snprintf(t->labels.y.where, sizeof t->labels.y.where, "%s: line %" PRId64, t->path, found->line);
    return labels_take_block(&t->labels, (struct range){number, 1, 1}, labels, targets);
}
