/* text.h - the bytes of a text file in order, through a window that holds at least the row being read. */
#ifndef DATA_CONVERT_TABLE_TEXT_H
#define DATA_CONVERT_TABLE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/gz.h"

/* bytes:  [ read before | start: the row being read ... | end: room ]
 * Nothing before `start` is needed any more. The byte at `end` may be written, for a final zero. */
struct table_text {
    const char *path;
    struct gz *file;
    char *bytes;
    size_t size, start, end;
    int64_t read; /* bytes of the file so far */
    int64_t line; /* lines before `start`: the number of the last one read */
};

/* Errors: STATUS_DATA if the file cannot be read again (a pipe), is empty or UTF-16. A byte order mark is
 * skipped. Closing is right after a failure too, and twice. */
enum status table_text_open(struct table_text *t, const char *path);
void table_text_close(struct table_text *t);

/* Makes room behind `end` and reads into it; what lies from `start` on may move. *more is false at the end of
 * the file. Errors: a NUL byte, a row beyond all measure, a damaged file. */
enum status table_text_more(struct table_text *t, bool *more);

/* The next line without its end, as a text that may be changed and lives until the next call; NULL behind the
 * last one. */
enum status table_text_line(struct table_text *t, char **line);

#endif
