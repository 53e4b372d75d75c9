/* reader.h - reads features of a view from a source of its own, in the thread that opened it (guard.h). Local
 * functions. */
#ifndef DATA_STORE_READER_H
#define DATA_STORE_READER_H

#include "data/store/store.h"

struct reader {
    const char *locator; /* borrowed */
    struct source_options names;
    struct store_view view;
    int64_t sample_bytes;
    struct source *source;
    char *rows; /* [rows_max]: of which a view takes some; NULL = not open */
    int64_t rows_max;
};

void reader_init(struct reader *r, const struct store_spec *spec, struct store_view view,
                 int64_t sample_bytes);

/* The same, not yet open. */
void reader_copy(struct reader *r, const struct reader *from);

/* In the thread that reads. Errors: those of source_open; STATUS_OTHER, memory. */
enum status reader_open(struct reader *r);
void reader_close(struct reader *r);

/* Reads samples first .. first+count-1 of the view, and finds out whether the file has changed. Errors: those of
 * source_read, with the samples; STATUS_DATA with what has changed. */
enum status reader_read(struct reader *r, int64_t first, int64_t count, char *out);

#endif
