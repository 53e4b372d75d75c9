/* loose.c - reads samples that no call announced. */
#include "data/store/loose.h"

#include <stdio.h>

#include "core/mem.h"

/* One row is there from the start: what is taken always points somewhere. */
enum status loose_init(struct loose *l, int64_t sample_bytes,
                       enum status (*read)(void *self, int64_t sample, char *row), void *self)
{
    *l = (struct loose){.read = read, .self = self, .sample_bytes = sample_bytes};
    TRY(mem_alloc(&l->rows, 1, (size_t)sample_bytes, "samples"));
    l->rows_max = 1;
    return STATUS_OK;
}

static enum status loose_read(void *self, int64_t sample, char *row)
{
    struct reader *r = self;
    if (!r->source) {
        enum status status = reader_open(r);
        if (status != STATUS_OK) reader_close(r);
        TRY(status);
    }
    return reader_read(r, sample, 1, row);
}

enum status loose_init_reader(struct loose *l, const struct reader *like)
{
    TRY(loose_init(l, like->sample_bytes, loose_read, &l->reader));
    reader_copy(&l->reader, like);
    return STATUS_OK;
}

static enum status loose_make_room(struct loose *l, int64_t count)
{
    char *rows = NULL;
    if (count <= l->rows_max) return STATUS_OK;
    TRY(mem_alloc(&rows, (size_t)count, (size_t)l->sample_bytes, "samples"));
    mem_free(&l->rows);
    l->rows = rows;
    l->rows_max = count;
    return STATUS_OK;
}

const char *loose_take(struct loose *l, int64_t sample, int64_t i, int64_t count)
{
    if (l->failed != STATUS_OK) return l->rows;
    enum status status = loose_make_room(l, count);
    char *row = l->rows + (i < l->rows_max ? i : 0) * l->sample_bytes;
    if (status == STATUS_OK) status = l->read(l->self, sample, row);
    if (status == STATUS_OK) return row;
    l->failed = status;
    snprintf(l->text, sizeof l->text, "%s", status_text());
    return l->rows;
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
