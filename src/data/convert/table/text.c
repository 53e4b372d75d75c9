/* text.c - reads a text file through a growing window. */
#include "data/convert/table/text.h"

#include <inttypes.h>
#include <string.h>

#include "core/mem.h"

#define PIECE   ((size_t)256 << 10)
#define ROW_MAX ((size_t)64 << 20)

static enum status table_text_begin(struct table_text *t)
{
    bool more;
    TRY(table_text_more(t, &more));
    if (!more) return status_fail(STATUS_DATA, "%s: is empty", t->path);
    if (t->end >= 3 && memcmp(t->bytes, "\xef\xbb\xbf", 3) == 0) t->start = 3;
    return STATUS_OK;
}

enum status table_text_open(struct table_text *t, const char *path)
{
    *t = (struct table_text){.path = path};
    TRY(gz_open(&t->file, path));
    return table_text_begin(t);
}

void table_text_close(struct table_text *t)
{
    gz_close(&t->file);
    mem_free(&t->bytes);
}

/* Moves the row to the front, into a larger window if it fills more than half of this one. */
static enum status table_text_make_room(struct table_text *t)
{
    size_t kept = t->end - t->start, size = t->size ? t->size : 2 * PIECE;
    while (size < kept + PIECE) size *= 2;
    char *bytes = t->bytes;
    if (size > t->size) {
        TRY(mem_alloc(&bytes, size + 1, 1, "text window"));
        t->size = size;
    }
    if (kept) memmove(bytes, t->bytes + t->start, kept);
    if (bytes != t->bytes) mem_free(&t->bytes);
    t->bytes = bytes;
    t->start = 0;
    t->end = kept;
    return STATUS_OK;
}

enum status table_text_more(struct table_text *t, bool *more)
{
    size_t got;
    *more = false;
    if (t->end - t->start > ROW_MAX)
        return status_fail(STATUS_DATA,
                           "%s: line %" PRId64 ": is longer than %zu MB; is a quote opened and never closed?",
                           t->path, t->line + 1, ROW_MAX >> 20);
    if (t->size < t->end + PIECE) TRY(table_text_make_room(t));
    TRY(gz_read_some(t->file, t->bytes + t->end, t->size - t->end, &got));
    const char *fresh = t->bytes + t->end, *zero = memchr(fresh, '\0', got);
    if (t->read == 0 && got >= 2 && (memcmp(fresh, "\xff\xfe", 2) == 0 || memcmp(fresh, "\xfe\xff", 2) == 0))
        return status_fail(STATUS_DATA, "%s: is UTF-16; save it as UTF-8", t->path);
    if (zero)
        return status_fail(STATUS_DATA, "%s: byte %" PRId64 " is NUL; this is no text file", t->path,
                           t->read + (zero - fresh));
    t->end += got;
    t->read += (int64_t)got;
    *more = got > 0;
    return STATUS_OK;
}

enum status table_text_line(struct table_text *t, char **line)
{
    bool more = true;
    size_t seen = 0;
    *line = NULL;
    for (;;) {
        char *from = t->bytes + t->start, *stop = memchr(from + seen, '\n', t->end - t->start - seen);
        if (!stop && more) {
            seen = t->end - t->start;
            TRY(table_text_more(t, &more));
            continue;
        }
        size_t length = stop ? (size_t)(stop - from) : t->end - t->start;
        if (!stop && length == 0) return STATUS_OK;
        from[length] = '\0';
        if (length > 0 && from[length - 1] == '\r') from[length - 1] = '\0';
        t->start += length + (stop != NULL);
        t->line++;
        *line = from;
        return STATUS_OK;
    }
}
