/* csv_row.c - cuts a row of a CSV file into cells. */
#include "data/convert/csv_row.h"

#include <inttypes.h>
#include <string.h>

#include "core/mem.h"

#define END (-1)

void csv_row_begin(struct csv_row *r, struct table_text *text, char delimiter)
{
    *r = (struct csv_row){.text = text, .delimiter = delimiter};
    r->special[(unsigned char)delimiter] = r->special['\n'] = r->special['\r'] = true;
    if (delimiter == CSV_BLANKS) r->special['\t'] = true;
}

void csv_row_free(struct csv_row *r)
{
    mem_free(&r->spans);
}

static enum status csv_row_fail(const struct csv_row *r, const char *what)
{
    return status_fail(STATUS_DATA, "%s: line %" PRId64 ", cell %" PRId64 ": %s", r->text->path, r->line,
                       r->count, what);
}

/* The byte at `at`, or END. */
static inline int csv_row_peek(struct csv_row *r)
{
    struct table_text *t = r->text;
    if (t->start + r->at == t->end) {
        bool more = false;
        if (r->status == STATUS_OK) r->status = table_text_more(t, &more);
        if (!more) return END;
    }
    return (unsigned char)t->bytes[t->start + r->at];
}

enum status csv_row_find_delimiter(struct table_text *text, char *delimiter)
{
    static const char candidates[] = {',', ';', '|', '\t', CSV_BLANKS};
    struct csv_row r = {.text = text};
    bool seen[256] = {false}, quoted = false;
    while (csv_row_peek(&r) == '\n' || csv_row_peek(&r) == '\r' || csv_row_peek(&r) == ' ') r.at++;
    for (int c; (c = csv_row_peek(&r)) != END && (quoted || (c != '\n' && c != '\r')); r.at++) {
        if (c == '"') quoted = !quoted;
        if (!quoted) seen[c] = true;
    }
    TRY(r.status);
    *delimiter = ',';
    for (size_t i = 0; i < sizeof candidates; i++)
        if (seen[(unsigned char)candidates[i]]) {
            *delimiter = candidates[i];
            break;
        }
    return STATUS_OK;
}

static inline bool csv_row_is_blank(const struct csv_row *r, int c)
{
    return c == ' ' || (c == '\t' && r->delimiter != '\t');
}

static void csv_row_skip_blanks(struct csv_row *r)
{
    while (csv_row_is_blank(r, csv_row_peek(r))) r->at++;
}

static void csv_row_read_plain(struct csv_row *r, struct csv_span *cell)
{
    const struct table_text *t = r->text;
    cell->offset = r->at;
    do {
        const char *row = t->bytes + t->start, *c = row + r->at, *stop = t->bytes + t->end;
        while (c < stop && !r->special[(unsigned char)*c]) c++;
        r->at = (size_t)(c - row);
        if (c < stop) break;
    } while (csv_row_peek(r) != END);
    const char *text = t->bytes + t->start + cell->offset;
    cell->length = r->at - cell->offset;
    while (cell->length > 0 && csv_row_is_blank(r, text[cell->length - 1])) cell->length--;
}

/* Doubled quotes become single ones in place. */
static enum status csv_row_read_quoted(struct csv_row *r, struct csv_span *cell)
{
    size_t to = cell->offset = ++r->at;
    for (;; r->at++) {
        int c = csv_row_peek(r);
        if (c == END) {
            TRY(r->status);
            return csv_row_fail(r, "a quote is opened and never closed");
        }
        if (c == '"') {
            r->at++;
            if (csv_row_peek(r) != '"') break;
        }
        r->lines += c == '\n';
        r->text->bytes[r->text->start + to++] = (char)c;
    }
    cell->length = to - cell->offset;
    csv_row_skip_blanks(r);
    int c = csv_row_peek(r);
    return c == END || r->special[c] || r->delimiter == CSV_BLANKS
               ? STATUS_OK
               : csv_row_fail(r, "text stands behind a closing quote");
}

static enum status csv_row_keep_span(struct csv_row *r, int64_t max_cells, const struct csv_span *cell)
{
    if (r->count > max_cells) return STATUS_OK;
    if (r->count > r->room) {
        int64_t room = 2 * r->count + 16;
        struct csv_span *spans = NULL;
        TRY(mem_alloc(&spans, (size_t)room, sizeof *spans, "cells"));
        if (r->spans) memcpy(spans, r->spans, (size_t)r->room * sizeof *spans);
        mem_free(&r->spans);
        r->spans = spans;
        r->room = room;
    }
    r->spans[r->count - 1] = *cell;
    return STATUS_OK;
}

/* Reads a cell and what ends it; *last if that ends the row too. */
static enum status csv_row_read_cell(struct csv_row *r, int64_t max_cells, bool *last)
{
    struct csv_span cell;
    r->count++;
    csv_row_skip_blanks(r);
    if (csv_row_peek(r) == '"')
        TRY(csv_row_read_quoted(r, &cell));
    else
        csv_row_read_plain(r, &cell);
    bool blanks = r->delimiter == CSV_BLANKS;
    if (blanks) csv_row_skip_blanks(r);
    int c = csv_row_peek(r);
    TRY(r->status);
    r->text->bytes[r->text->start + cell.offset + cell.length] = '\0'; /* c has been seen: it may go */
    *last = blanks ? c == END || c == '\n' || c == '\r' : c != r->delimiter;
    if (c != END && (!blanks || *last)) r->at++;
    if (c == '\r' && csv_row_peek(r) == '\n') r->at++;
    if (*last) r->lines++;
    return csv_row_keep_span(r, max_cells, &cell);
}

static bool csv_row_blank_line(struct csv_row *r)
{
    int c = csv_row_peek(r);
    if (c != '\n' && c != '\r') return false;
    r->at++;
    if (c == '\r' && csv_row_peek(r) == '\n') r->at++;
    r->lines++;
    return true;
}

enum status csv_row_next(struct csv_row *r, int64_t max_cells, bool *end)
{
    bool last = false;
    do {
        r->text->start += r->at;
        r->text->line += r->lines;
        r->at = 0;
        r->lines = 0;
        csv_row_skip_blanks(r);
    } while (csv_row_blank_line(r));
    r->line = r->text->line + 1;
    r->count = 0;
    *end = csv_row_peek(r) == END;
    TRY(r->status);
    while (!*end && !last) TRY(csv_row_read_cell(r, max_cells, &last));
    return STATUS_OK;
}
