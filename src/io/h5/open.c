/* open.c - opens files for reading, each in a child process, or one after the other in the same. */
#include "io/h5/h5.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "core/system/filestate.h"
#include "io/h5/private.h"

static enum status h5_check_path(const char *path, int64_t *bytes)
{
    struct filestate state;
    TRY(filestate_take(&state, path));
    if (access(path, R_OK) != 0)
        return status_fail(STATUS_DATA, "%s: cannot be read: %s", path, strerror(errno));
    *bytes = state.facts.st_size;
    if (*bytes == 0) return status_fail(STATUS_DATA, "%s: is empty, not an HDF5 file", path);
    return STATUS_OK;
}

static enum status h5_ask_open(struct h5 *f, int64_t bytes)
{
    snprintf(f->room->object, sizeof f->room->object, "%s", f->path);
    f->room->file_bytes = bytes;
    return h5_ask(f, H5_ASK_OPEN);
}

/* On failure *out is NULL, unless the process has died over this file. */
static enum status h5_open_with_child(struct h5 **out, const char *path, bool allow_external)
{
    struct h5_file facts = {.path = path, .external = allow_external, .file = H5I_INVALID_HID};
    struct h5 *f = NULL;
    *out = NULL;
    TRY(h5_check_path(path, &facts.bytes));
    if (strlen(path) >= H5_PATH_SIZE)
        return status_fail(STATUS_DATA, "%.40s...: is longer than %d bytes", path, H5_PATH_SIZE - 1);
    TRY(mem_alloc(&f, 1, sizeof *f, "HDF5 file"));
    enum status status = mem_copy_text(&f->path, path);
    if (status == STATUS_OK) status = guard_start(&f->guard, path, "HDF5", sizeof *f->room, h5_serve, &facts);
    if (status == STATUS_OK) {
        f->room = guard_room(f->guard);
        f->external = allow_external;
        status = h5_ask_open(f, facts.bytes);
    }
    if (status != STATUS_OK && (!f->guard || guard_check(f->guard) == STATUS_OK)) h5_close(&f);
    *out = f;
    return status;
}

enum status h5_open(struct h5 **out, const char *path, bool allow_external)
{
    enum status status = h5_open_with_child(out, path, allow_external);
    if (status != STATUS_OK) h5_close(out);
    return status;
}

/* Whether the child of *f can go on with this file. One that died over the same file stays dead. */
static bool h5_can_reopen(const struct h5 *f, const char *path, bool allow_external)
{
    return f && f->external == allow_external && strlen(path) < H5_PATH_SIZE &&
           (guard_check(f->guard) == STATUS_OK || strcmp(f->path, path) == 0);
}

static enum status h5_reopen_with_child(struct h5 *f, const char *path)
{
    int64_t bytes;
    char *copy;
    TRY(h5_check_path(path, &bytes));
    TRY(mem_copy_text(&copy, path));
    mem_free(&f->path);
    f->path = copy;
    TRY(guard_rename(f->guard, path));
    return h5_ask_open(f, bytes);
}

enum status h5_reopen(struct h5 **f, const char *path, bool allow_external)
{
    if (!h5_can_reopen(*f, path, allow_external)) {
        h5_close(f);
        return h5_open_with_child(f, path, allow_external);
    }
    enum status status = h5_reopen_with_child(*f, path);
    if (status == STATUS_OK || guard_check((*f)->guard) != STATUS_OK) return status;
    char text[STATUS_TEXT_SIZE];
    snprintf(text, sizeof text, "%s", status_text());
    h5_close(f);
    return status_fail(status, "%s", text);
}

enum status h5_check(const struct h5 *f)
{
    return guard_check(f->guard);
}

void h5_close(struct h5 **f)
{
    if (!*f) return;
    guard_end(&(*f)->guard);
    mem_free(&(*f)->path);
    mem_free(f);
}
