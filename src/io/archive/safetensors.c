/* safetensors.c - reads files of safetensors: the length of a header, the header in JSON, and the values. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "io/archive/private.h"
#include "io/json_object.h"

#define HEADER_MAX ((int64_t)16 << 20)
#define LENGTH     8 /* bytes of the length of the header */

struct safetensors {
    int file;
    int64_t data, bytes; /* where the values begin, and how many bytes there are of them */
    int64_t at;          /* of the next byte to read, in the file */
};

static const struct archive_type_name types[] = {
    {"F16", ARCHIVE_F16},      {"BF16", ARCHIVE_BF16},   {"F32", ARCHIVE_F32},     {"F64", ARCHIVE_F64},
    {"BOOL", ARCHIVE_INTEGER}, {"U8", ARCHIVE_INTEGER},  {"I8", ARCHIVE_INTEGER},  {"U16", ARCHIVE_INTEGER},
    {"I16", ARCHIVE_INTEGER},  {"U32", ARCHIVE_INTEGER}, {"I32", ARCHIVE_INTEGER}, {"U64", ARCHIVE_INTEGER},
    {"I64", ARCHIVE_INTEGER},  {NULL, ARCHIVE_OTHER}};

static uint64_t safetensors_length(const uint8_t start[LENGTH])
{
    uint64_t length = 0;
    for (int i = LENGTH - 1; i >= 0; i--) length = length << 8 | start[i];
    return length;
}

static bool safetensors_fits(const uint8_t start[ARCHIVE_START], int64_t file_bytes)
{
    return file_bytes > LENGTH && start[LENGTH] == '{' && safetensors_length(start) < UINT64_C(1) << 56;
}

static enum status safetensors_next(struct archive *a, void *out, size_t bytes)
{
    struct safetensors *s = a->self;
    for (char *to = out; bytes > 0;) {
        ssize_t got = pread(s->file, to, bytes, s->at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return status_fail(STATUS_DATA, "%s: cannot be read: %s", a->path, strerror(errno));
        if (got == 0) return status_fail(STATUS_DATA, "%s: is truncated; copy or write it again", a->path);
        to += got;
        s->at += got;
        bytes -= (size_t)got;
    }
    return STATUS_OK;
}

static enum status safetensors_add(void *self, const char *name, const struct json_object *tensor)
{
    struct archive *a = self;
    const struct safetensors *s = a->self;
    const char *type = json_object_text(tensor, "dtype");
    int64_t places[2];
    struct archive_entry *e;
    if (strcmp(name, "__metadata__") == 0) return STATUS_OK;
    TRY(archive_add(a, &e));
    e->rank = json_object_integers(tensor, "shape", ARCHIVE_RANK, e->dims);
    if (!type || e->rank < 0 || json_object_integers(tensor, "data_offsets", 2, places) != 2)
        return status_fail(STATUS_DATA,
                           "%s: %s: has no dtype, no shape of at most %d whole numbers or no data_offsets",
                           a->path, name, ARCHIVE_RANK);
    TRY(archive_settle(a, e, name));
    archive_set_type(e, types, type);
    if (places[0] < 0 || places[1] < places[0] || places[1] > s->bytes)
        return status_fail(STATUS_DATA,
                           "%s: %s: its values are outside of the file; it is truncated or damaged", a->path,
                           name);
    if (archive_type_is_read(e->type) && places[1] - places[0] != e->elements * archive_type_bytes(e->type))
        return status_fail(STATUS_DATA, "%s: %s: the length of its values does not fit its shape", a->path,
                           name);
    e->offset = s->data + places[0];
    return STATUS_OK;
}

static enum status safetensors_list(struct archive *a, const char *header)
{
    struct json_object *root;
    if (json_object_read(&root, header) != STATUS_OK)
        return status_at(STATUS_DATA, "%s: its header", a->path);
    enum status status = json_object_each_member(root, safetensors_add, a);
    json_object_free(&root);
    return status;
}

static enum status safetensors_read_header(struct archive *a)
{
    struct safetensors *s = a->self;
    uint8_t start[LENGTH];
    int64_t rest = a->state.facts.st_size - LENGTH;
    TRY(safetensors_next(a, start, sizeof start));
    uint64_t length = safetensors_length(start);
    if (rest < 0 || length > (uint64_t)rest)
        return status_fail(STATUS_DATA, "%s: is truncated: its header is longer than the file", a->path);
    if (length > HEADER_MAX)
        return status_fail(STATUS_DATA, "%s: its header has more than %lld MB", a->path,
                           (long long)HEADER_MAX >> 20);
    s->data = LENGTH + (int64_t)length;
    s->bytes = rest - (int64_t)length;
    char *header;
    TRY(mem_alloc(&header, (size_t)length + 1, 1, "header of safetensors"));
    enum status status = safetensors_next(a, header, (size_t)length);
    if (status == STATUS_OK) status = safetensors_list(a, header);
    mem_free(&header);
    return status;
}

static enum status safetensors_open(struct archive *a)
{
    struct safetensors *s;
    TRY(mem_alloc(&s, 1, sizeof *s, "file of weights"));
    a->self = s;
    s->file = open(a->path, O_RDONLY | O_CLOEXEC);
    if (s->file < 0) return status_fail(STATUS_DATA, "%s: cannot be read: %s", a->path, strerror(errno));
    return safetensors_read_header(a);
}

static void safetensors_close(struct archive *a)
{
    struct safetensors *s = a->self;
    if (s && s->file >= 0) close(s->file);
    mem_free(&a->self);
}

static enum status safetensors_begin(struct archive *a, const struct archive_entry *e)
{
    ((struct safetensors *)a->self)->at = e->offset;
    return STATUS_OK;
}

static enum status safetensors_end(struct archive *a)
{
    (void)a;
    return STATUS_OK;
}

const struct archive_ops archive_safetensors = {
    .name = "safetensors",
    .fits = safetensors_fits,
    .open = safetensors_open,
    .close = safetensors_close,
    .begin = safetensors_begin,
    .next = safetensors_next,
    .end = safetensors_end,
};
