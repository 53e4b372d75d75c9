/* gz.c - reads plain and gzip-compressed files through zlib. */
#include "io/gz.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>

#include "core/system/filestate.h"
#include "core/mem.h"
#include "io/deflate.h"

#define PIECE       (1u << 30) /* gzread counts in int */
#define BUFFER_SIZE (1u << 17)

struct gz {
    gzFile file;
    char *path;
    int64_t bytes; /* of the file */
};

static enum status gz_open_file(struct gz *g)
{
    struct filestate state;
    TRY(filestate_take(&state, g->path));
    g->bytes = state.facts.st_size;
    g->file = gzopen(g->path, "rb");
    return g->file ? STATUS_OK : status_fail(STATUS_DATA, "%s: cannot be read: %s", g->path, strerror(errno));
}

enum status gz_open(struct gz **out, const char *path)
{
    *out = NULL;
    struct gz *g = NULL;
    TRY(mem_alloc(&g, 1, sizeof *g, "file"));
    enum status status = mem_copy_text(&g->path, path);
    if (status == STATUS_OK) status = gz_open_file(g);
    if (status != STATUS_OK) {
        gz_close(&g);
        return status;
    }
    gzbuffer(g->file, BUFFER_SIZE);
    *out = g;
    return STATUS_OK;
}

void gz_close(struct gz **g)
{
    if (!*g) return;
    if ((*g)->file) gzclose((*g)->file);
    mem_free(&(*g)->path);
    mem_free(g);
}

int64_t gz_max_bytes(struct gz *g)
{
    if (gzdirect(g->file)) return g->bytes;
    return g->bytes > INT64_MAX / DEFLATE_RATIO_MAX ? INT64_MAX : g->bytes * DEFLATE_RATIO_MAX;
}

static enum status gz_failed(const struct gz *g)
{
    int code;
    const char *cause = gzerror(g->file, &code);
    if (code == Z_ERRNO) return status_fail(STATUS_DATA, "%s: cannot be read: %s", g->path, strerror(errno));
    if (code == Z_OK || code == Z_BUF_ERROR)
        return status_fail(STATUS_DATA, "%s: is truncated; copy or download it again", g->path);
    return status_fail(STATUS_DATA, "%s: is damaged (%s); copy or download it again", g->path, cause);
}

enum status gz_read(struct gz *g, void *out, size_t bytes)
{
    for (char *to = out; bytes > 0;) {
        int got = gzread(g->file, to, bytes < PIECE ? (unsigned)bytes : PIECE);
        if (got <= 0) return gz_failed(g);
        to += got;
        bytes -= (size_t)got;
    }
    return STATUS_OK;
}

enum status gz_read_some(struct gz *g, void *out, size_t bytes, size_t *got)
{
    int code, count = gzread(g->file, out, bytes < PIECE ? (unsigned)bytes : PIECE);
    gzerror(g->file, &code);
    *got = count > 0 ? (size_t)count : 0;
    return count < 0 || (count == 0 && code == Z_BUF_ERROR) ? gz_failed(g) : STATUS_OK;
}

enum status gz_expect_end(struct gz *g)
{
    char extra;
    int got = gzread(g->file, &extra, 1), code;
    if (got > 0)
        return status_fail(STATUS_DATA,
                           "%s: is longer than its header says; it is damaged or of another format", g->path);
    gzerror(g->file, &code);
    return got < 0 || code == Z_BUF_ERROR ? gz_failed(g) : STATUS_OK;
}

const char *gz_version(void)
{
    return zlibVersion();
}
