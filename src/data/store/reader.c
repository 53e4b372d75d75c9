/* reader.c - reads features of a view from a source of its own. */
#include "data/store/reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"

#define ROWS_BYTES (1 << 20)

void reader_init(struct reader *r, const struct store_spec *spec, struct store_view view,
                 int64_t sample_bytes)
{
    *r = (struct reader){
        .locator = spec->locator, .names = *spec->names, .view = view, .sample_bytes = sample_bytes};
    r->names.quiet = true;
    if (r->names.index && *r->names.index) { /* labels are not read here */
        r->names.index = NULL;
        r->names.no_labels = true;
    }
    r->rows_max = sample_bytes < ROWS_BYTES ? ROWS_BYTES / sample_bytes : 1;
}

void reader_copy(struct reader *r, const struct reader *from)
{
    *r = *from;
    r->source = NULL;
    r->rows = NULL;
}

enum status reader_open(struct reader *r)
{
    TRY(mem_alloc(&r->rows, (size_t)r->rows_max, (size_t)r->sample_bytes, "samples that are read"));
    return source_open(&r->source, r->locator, &r->names);
}

void reader_close(struct reader *r)
{
    source_close(&r->source);
    mem_free(&r->rows);
}

static enum status reader_read_rows(struct reader *r, int64_t first, int64_t count, char *out)
{
    struct source_rows rows = {.features = out};
    return source_read(r->source, first, count, &rows);
}

/* Reads runs of neighbours only: what lies between samples of the view may be what cannot be read. */
static enum status reader_pick_runs(struct reader *r, const int64_t *numbers, int64_t count, char *out)
{
    for (int64_t at = 0, n; at < count; at += n) {
        for (n = 1; at + n < count && numbers[at + n] == numbers[at] + n;) n++;
        TRY(reader_read_rows(r, numbers[at], n, out + at * r->sample_bytes));
    }
    return STATUS_OK;
}

/* Samples of the view lie among others: reads ranges of the source that begin and end with one of them. */
static enum status reader_pick(struct reader *r, const int64_t *numbers, int64_t count, char *out)
{
    size_t bytes = (size_t)r->sample_bytes;
    for (int64_t at = 0, n; at < count; at += n) {
        for (n = 1; at + n < count && numbers[at + n] - numbers[at] < r->rows_max;) n++;
        int64_t all = numbers[at + n - 1] - numbers[at] + 1;
        enum status status = reader_read_rows(r, numbers[at], all, r->rows);
        if (status == STATUS_DATA && all > n) {
            TRY(reader_pick_runs(r, numbers + at, n, out + at * r->sample_bytes));
            continue;
        }
        TRY(status);
        for (int64_t i = at; i < at + n; i++)
            memcpy(out + (size_t)i * bytes, r->rows + (size_t)(numbers[i] - numbers[at]) * bytes, bytes);
    }
    return STATUS_OK;
}

/* If the file was changed meanwhile, that is what to say of whatever went wrong, and nothing may be believed even if
 * all went well: behind the end of a file that was cut HDF5 reads zeros. */
enum status reader_read(struct reader *r, int64_t first, int64_t count, char *out)
{
    char text[STATUS_TEXT_SIZE];
    const int64_t *numbers = r->view.numbers;
    if (count == 0) return STATUS_OK;
    enum status status =
        numbers ? reader_pick(r, numbers + first, count, out) : reader_read_rows(r, first, count, out);
    if (status == STATUS_OK) return source_check(r->source);
    snprintf(text, sizeof text, "%s", status_text());
    TRY(source_check(r->source));
    int64_t last = first + count - 1;
    return status_fail(status, "%.800s (reading samples %" PRId64 " to %" PRId64 ")", text,
                       source_number(r->source, numbers ? numbers[first] : first),
                       source_number(r->source, numbers ? numbers[last] : last));
}
