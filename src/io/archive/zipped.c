/* zipped.c - zip files: those of PyTorch and those of NumPy. */
#include "io/archive/zipped.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"

#define PICKLE "/data.pkl"

static bool zipped_fits(const uint8_t start[ARCHIVE_START], int64_t file_bytes)
{
    (void)file_bytes;
    return memcmp(start, "PK\3\4", 4) == 0 || memcmp(start, "PK\5\6", 4) == 0;
}

static void zipped_close(struct archive *a)
{
    struct unzip *zip = a->self;
    unzip_close(&zip);
    a->self = NULL;
}

static enum status zipped_begin(struct archive *a, const struct archive_entry *e)
{
    return unzip_begin(a->self, e->member, e->offset);
}

static enum status zipped_next(struct archive *a, void *out, size_t bytes)
{
    return unzip_read(a->self, out, bytes);
}

static enum status zipped_end(struct archive *a)
{
    return unzip_end(a->self);
}

#define ZIPPED_READ .close = zipped_close, .begin = zipped_begin, .next = zipped_next, .end = zipped_end

static const struct archive_ops torch = {.name = "PyTorch", ZIPPED_READ},
                                npz = {.name = "NumPy", ZIPPED_READ};

static bool zipped_ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), tail = strlen(end);
    return length >= tail && strcmp(name + length - tail, end) == 0;
}

/* Finds what the file is by the names of its members. */
static enum status zipped_open(struct archive *a)
{
    struct unzip *zip;
    TRY(unzip_open(&zip, a->path));
    a->self = zip;
    for (int64_t i = 0; i < unzip_count(zip); i++) {
        char root[ARCHIVE_NAME];
        const char *name = unzip_name(zip, i), *slash = strchr(name, '/');
        if (zipped_ends_with(name, ".npy")) {
            a->ops = &npz;
            return npz_list(a, zip);
        }
        if (strcmp(name, "model.weights.h5") == 0)
            return status_fail(STATUS_DATA,
                               "%s: is an archive of Keras: take model.weights.h5 out of it with unzip, and "
                               "read that file",
                               a->path);
        if (!slash || strcmp(slash, PICKLE) != 0 || slash - name >= ARCHIVE_NAME) continue;
        a->ops = &torch;
        snprintf(root, sizeof root, "%.*s", (int)(slash - name), name);
        return torch_list(a, zip, root);
    }
    return status_fail(STATUS_DATA, "%s: is a zip file, but neither PyTorch's nor NumPy's", a->path);
}

const struct archive_ops archive_zip = {.name = "zip", .fits = zipped_fits, .open = zipped_open, ZIPPED_READ};
