/* loose.c - reads samples that no call announced. */
#include "data/store/loose.h"

#include <stdio.h>

#include "core/mem.h"

static enum status loose_open(struct loose *l, const struct reader *like, int64_t count)
{
    if (count > l->rows_max) {
        mem_free(&l->rows);
        l->rows_max = 0;
        TRY(mem_alloc(&l->rows, (size_t)count, (size_t)like->sample_bytes, "samples"));
        l->rows_max = count;
    }
    if (l->reader.source || l->failed != STATUS_OK) return l->failed;
    reader_copy(&l->reader, like);
    enum status status = reader_open(&l->reader);
    if (status != STATUS_OK) reader_close(&l->reader);
    return status;
}

const char *loose_take(struct loose *l, const struct reader *like, int64_t sample, int64_t i, int64_t count)
{
    enum status status = loose_open(l, like, count);
    char *row = l->rows + i * like->sample_bytes;
    if (status == STATUS_OK) status = reader_read(&l->reader, sample, 1, row);
    if (status != STATUS_OK && l->failed == STATUS_OK) {
        l->failed = status;
        snprintf(l->text, sizeof l->text, "%s", status_text());
    }
    return row;
}

enum status loose_status(const struct loose *l)
{
    return l->failed == STATUS_OK ? STATUS_OK : status_fail(l->failed, "%s", l->text);
}

void loose_free(struct loose *l)
{
    reader_close(&l->reader);
    mem_free(&l->rows);
}
