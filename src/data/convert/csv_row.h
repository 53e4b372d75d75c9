/* csv_row.h - the rows of a CSV file (RFC 4180) as cells.
 *
 * Beyond the RFC: lines end in LF, CRLF or CR, blank lines are passed over, and blanks around a cell
 * belong to it only inside its quotes. A quote inside an unquoted cell is a character like any other. */
#ifndef DATA_CONVERT_CSV_ROW_H
#define DATA_CONVERT_CSV_ROW_H

#include "data/convert/table/text.h"

struct csv_span {
    size_t offset, length; /* from the row's start */
};

struct csv_row {
    struct table_text *text;
    char delimiter;
    bool special[256]; /* bytes that end an unquoted cell */
    size_t at;         /* from text->start */
    int64_t line;      /* at which the row starts */
    int64_t lines;     /* line ends passed since text->start */
    struct csv_span *spans;
    int64_t count, room; /* cells in the row, and spans kept of them */
    enum status status;  /* of reading, kept because a byte is only peeked at */
};

/* A delimiter that stands for any number of blanks and tabs. */
#define CSV_BLANKS ' '

/* Finds the delimiter in the first row: the first of , ; | tab blanks that is outside of quotes. */
enum status csv_row_find_delimiter(struct table_text *text, char *delimiter);

void csv_row_begin(struct csv_row *r, struct table_text *text, char delimiter);
void csv_row_free(struct csv_row *r);

/* Reads the next row; *end behind the last one. Keeps at most max_cells of them and counts the others. */
enum status csv_row_next(struct csv_row *r, int64_t max_cells, bool *end);

/* A cell of the row, as a text that may be changed and lives until the next row. */
static inline char *csv_row_cell(const struct csv_row *r, int64_t cell)
{
    return r->text->bytes + r->text->start + r->spans[cell].offset;
}

#endif
