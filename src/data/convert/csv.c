/* csv.c - reads the header and the rows of CSV files. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "data/convert/csv_row.h"
#include "data/convert/table/private.h"
#include "data/source/names.h"
#include "core/log.h"
#include "core/mem.h"
#include "core/number.h"

struct csv {
    struct csv_row row;
    bool has_header;
    bool pending;    /* the first row has been read, and it is data */
    bool ends_empty; /* every row ends with a delimiter: its last cell is no column */
    bool at_end;     /* there is no row behind the header */
    char **missing;  /* the user's words for a missing value */
    int64_t missing_count;
};

/* What people write for a value that is not there. */
static bool csv_is_missing(const struct csv *csv, const char *text)
{
    static const char *const words[] = {"", "?", "NA", "N/A", "NaN", "null", "None", "<NA>", "#N/A"};
    for (int64_t i = 0; i < csv->missing_count; i++)
        if (strcmp(text, csv->missing[i]) == 0) return true;
    if (*text && !strchr("?Nn<#", *text)) return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(text, words[i]) == 0) return true;
    return false;
}

/* ---- the header ---- */

/* Marks the columns that a list names by number; *by_name if one is named otherwise, which takes a header. */
static enum status csv_mark_numbers(const char *flag, const char *list, bool *marks, int64_t count,
                                    bool *by_name)
{
    char **entries = NULL;
    int64_t length = 0;
    if (!list) return STATUS_OK;
    TRY(table_list_split(flag, list, &entries, &length));
    for (int64_t i = 0; i < length; i++) {
        int64_t number = table_list_number(entries[i]);
        if (number < 0) *by_name = true;
        if (number >= 0 && number < count) marks[number] = true;
    }
    mem_free(&entries);
    return STATUS_OK;
}

/* Where columns are numbers throughout, a text can only be a name. */
static enum status csv_look_at_cells(const struct table_reader *r, struct csv *csv, const bool *marks)
{
    int64_t texts = 0, numbers = 0;
    double number;
    for (int64_t c = 0; c < csv->row.count; c++) {
        const char *cell = csv_row_cell(&csv->row, c);
        if (marks[c] || csv_is_missing(csv, cell)) continue;
        if (number_scan(cell, &number) || strcasecmp(cell, "true") == 0 || strcasecmp(cell, "false") == 0)
            numbers++;
        else
            texts++;
    }
    csv->has_header = texts > 0;
    if ((texts > 0) != (numbers > 0)) return STATUS_OK;
    return status_fail(STATUS_CONFIG,
                       "%s: cannot tell whether the first row is a header (%s); use --header yes or "
                       "--header no",
                       r->text.path, texts ? "it mixes texts and numbers" : "no column of numbers shows it");
}

static enum status csv_decide_header(const struct table_reader *r, struct csv *csv)
{
    const struct table_options *o = r->options;
    bool *marks = NULL;
    if (o->header != TABLE_HEADER_AUTO) {
        csv->has_header = o->header == TABLE_HEADER_YES;
        return STATUS_OK;
    }
    TRY(mem_alloc(&marks, (size_t)csv->row.count, sizeof *marks, "columns"));
    enum status status = csv_mark_numbers("target", o->target, marks, csv->row.count, &csv->has_header);
    if (status == STATUS_OK)
        status = csv_mark_numbers("categorical", o->categorical, marks, csv->row.count, &csv->has_header);
    if (status == STATUS_OK)
        status = csv_mark_numbers("drop", o->drop, marks, csv->row.count, &csv->has_header);
    if (status == STATUS_OK && !csv->has_header) status = csv_look_at_cells(r, csv, marks);
    mem_free(&marks);
    return status;
}

/* A column without a name is called by its number. */
static enum status csv_name_column(struct table_reader *r, const struct csv *csv, int64_t c)
{
    char number[32];
    const char *name = csv->has_header ? csv_row_cell(&csv->row, c) : "";
    snprintf(number, sizeof number, "%" PRId64, c);
    if (table_check_text(name, "column name") != STATUS_OK)
        return status_at(STATUS_DATA, "%s: line %" PRId64, r->text.path, csv->row.line);
    return mem_copy_text(&r->columns[c].name, *name ? name : number);
}

static enum status csv_check_count(const struct table_reader *r, const struct csv *csv)
{
    if (csv->row.count == 1)
        return status_fail(
            STATUS_CONFIG,
            "%s: has only one column; set --delimiter if the columns are separated by another character",
            r->text.path);
    if (csv->row.count > TABLE_COLUMNS_MAX)
        return status_fail(STATUS_DATA, "%s: has %" PRId64 " columns; at most %d are possible", r->text.path,
                           csv->row.count, TABLE_COLUMNS_MAX);
    return STATUS_OK;
}

/* A last column without a name and without a value is what a delimiter at the end of every line makes. */
static enum status csv_find_end(struct table_reader *r, struct csv *csv)
{
    int64_t last = r->column_count - 1;
    if (last < 2 || *csv_row_cell(&csv->row, last)) return STATUS_OK;
    TRY(csv_row_next(&csv->row, r->column_count, &csv->at_end));
    csv->pending = !csv->at_end;
    csv->ends_empty = csv->pending && csv->row.count == r->column_count && !*csv_row_cell(&csv->row, last);
    if (!csv->ends_empty) return STATUS_OK;
    mem_free(&r->columns[last].name);
    r->column_count = last;
    if (r->first)
        log_info("%s: every line ends with a delimiter; the column behind it, without a name, is left out",
                 r->text.path);
    return STATUS_OK;
}

static enum status csv_open(struct table_reader *r)
{
    TRY(mem_alloc(&r->self, 1, sizeof(struct csv), "CSV reader"));
    struct csv *csv = r->self;
    bool end;
    char delimiter = r->options->delimiter;
    if (!delimiter) TRY(csv_row_find_delimiter(&r->text, &delimiter));
    if (r->options->missing_words)
        TRY(names_split(r->options->missing_words, &csv->missing, &csv->missing_count));
    csv_row_begin(&csv->row, &r->text, delimiter);
    TRY(csv_row_next(&csv->row, TABLE_COLUMNS_MAX, &end));
    if (end) return status_fail(STATUS_DATA, "%s: is empty", r->text.path);
    TRY(csv_check_count(r, csv));
    r->column_count = csv->row.count;
    TRY(mem_alloc(&r->columns, (size_t)r->column_count, sizeof *r->columns, "columns"));
    TRY(mem_alloc(&r->cells, (size_t)r->column_count, sizeof *r->cells, "cells"));
    TRY(csv_decide_header(r, csv));
    for (int64_t c = 0; c < r->column_count; c++) TRY(csv_name_column(r, csv, c));
    csv->pending = !csv->has_header;
    return csv->has_header ? csv_find_end(r, csv) : STATUS_OK;
}

/* ---- the rows ---- */

static enum status csv_next_row(struct table_reader *r, bool *end)
{
    struct csv *csv = r->self;
    *end = false;
    int64_t cells = r->column_count + csv->ends_empty;
    *end = csv->at_end;
    if (!csv->pending && !*end) TRY(csv_row_next(&csv->row, cells, end));
    csv->pending = false;
    if (*end) return STATUS_OK;
    r->line = csv->row.line;
    if (csv->ends_empty && csv->row.count == cells && *csv_row_cell(&csv->row, cells - 1))
        return status_fail(STATUS_DATA,
                           "%s: line %" PRId64 ": has a value in the last column, which has no name; name it",
                           r->text.path, r->line);
    if (csv->ends_empty && csv->row.count == cells) csv->row.count--;
    if (csv->row.count != r->column_count)
        return status_fail(STATUS_DATA,
                           "%s: line %" PRId64 ": has %" PRId64 " cells where the first row has %" PRId64,
                           r->text.path, r->line, csv->row.count, r->column_count);
    for (int64_t c = 0; c < r->column_count; c++) {
        const char *cell = csv_row_cell(&csv->row, c);
        r->cells[c] = csv_is_missing(csv, cell) ? NULL : cell;
    }
    return STATUS_OK;
}

static void csv_close(struct table_reader *r)
{
    struct csv *csv = r->self;
    if (csv) csv_row_free(&csv->row);
    if (csv) mem_free(&csv->missing);
    mem_free(&r->self);
}

const struct table_format_ops table_csv = {.open = csv_open, .next = csv_next_row, .close = csv_close};
