/* lists.c - the functions of h5.h for texts, attributes and lists: requests to the child that has the file open. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "io/h5/private.h"

/* One block: `count` pointers, then the texts they point at. */
static enum status h5_take_texts(struct h5 *f, char **texts, int64_t count, int64_t bytes)
{
    char *text = (char *)(texts + count), *end = text + bytes;
    for (int64_t at = 0; f->room->more;) {
        int64_t piece = f->room->bytes;
        if (piece < 0 || piece > (int64_t)H5_ROOM_BYTES || piece > bytes - at) return h5_nonsense(f);
        memcpy(text + at, f->room->piece, (size_t)piece);
        at += piece;
        TRY(h5_ask(f, H5_ASK_NEXT));
    }
    for (int64_t i = 0; i < count; i++) {
        char *zero = memchr(text, '\0', (size_t)(end - text));
        if (!zero) return h5_nonsense(f);
        texts[i] = text;
        text = zero + 1;
    }
    return STATUS_OK;
}

static enum status h5_ask_list(struct h5 *f, enum h5_request request, const char *object, const char *attr,
                               char ***texts, int64_t *count)
{
    *texts = NULL;
    *count = 0;
    TRY(h5_ask_name(f, request, object, attr));
    int64_t pieces = f->room->number, bytes = f->room->bytes;
    if (!f->room->more || pieces < 0 || bytes < pieces || bytes > INT32_MAX) return h5_nonsense(f);
    char **block = NULL;
    TRY(mem_alloc(&block, (size_t)pieces * sizeof *block + (size_t)bytes, 1, "texts of an HDF5 file"));
    enum status status = h5_ask(f, H5_ASK_NEXT);
    if (status == STATUS_OK) status = h5_take_texts(f, block, pieces, bytes);
    if (status != STATUS_OK) mem_free(&block);
    *texts = block;
    *count = block ? pieces : 0;
    return status;
}

static enum status h5_ask_texts(struct h5 *f, const char *object, const char *attr, char ***texts,
                                int64_t *count)
{
    return h5_ask_list(f, H5_ASK_TEXTS, object, attr, texts, count);
}

static enum status h5_ask_text(struct h5 *f, const char *object, const char *attr, char **text)
{
    char **texts;
    int64_t count;
    *text = NULL;
    TRY(h5_ask_texts(f, object, attr, &texts, &count));
    enum status status;
    if (count != 1)
        status = status_fail(STATUS_DATA, "%s: %s: holds %" PRId64 " texts where one is needed", f->path,
                             attr ? attr : object, count);
    else
        status = mem_copy_text(text, texts[0]);
    mem_free(&texts);
    return status;
}

enum status h5_read_texts(struct h5 *f, const char *name, char ***texts, int64_t *count)
{
    return h5_ask_texts(f, name, NULL, texts, count);
}

enum status h5_read_text(struct h5 *f, const char *name, char **text)
{
    return h5_ask_text(f, name, NULL, text);
}

enum status h5_attr_texts(struct h5 *f, const char *object, const char *attr, char ***texts, int64_t *count)
{
    return h5_ask_texts(f, object, attr, texts, count);
}

enum status h5_attr_text(struct h5 *f, const char *object, const char *attr, char **text)
{
    return h5_ask_text(f, object, attr, text);
}

/* ---- numbers of attributes ---- */

static enum status h5_ask_integers(struct h5 *f, const char *object, const char *attr, int64_t count,
                                   void *values)
{
    if (count < 0 || (size_t)count > H5_ROOM_BYTES / sizeof(int64_t))
        return status_fail(STATUS_DATA, "%s: attribute '%s' of %s: %" PRId64 " values are too many", f->path,
                           attr, object, count);
    f->room->wanted.count = count;
    TRY(h5_ask_name(f, H5_ASK_INTEGERS, object, attr));
    memcpy(values, f->room->piece, (size_t)count * sizeof(int64_t));
    return STATUS_OK;
}

enum status h5_attr_int64s(struct h5 *f, const char *object, const char *attr, int64_t count, int64_t *values)
{
    TRY(h5_ask_integers(f, object, attr, count, values));
    for (int64_t i = 0; f->room->flag && i < count; i++)
        if (values[i] < 0)
            return status_fail(STATUS_DATA, "%s: attribute '%s' of %s is %" PRIu64 ", which is too large",
                               f->path, attr, object, (uint64_t)values[i]);
    return STATUS_OK;
}

enum status h5_attr_int64(struct h5 *f, const char *object, const char *attr, int64_t *value)
{
    return h5_attr_int64s(f, object, attr, 1, value);
}

enum status h5_attr_uint64(struct h5 *f, const char *object, const char *attr, uint64_t *value)
{
    int64_t bits;
    TRY(h5_ask_integers(f, object, attr, 1, &bits));
    if (!f->room->flag && bits < 0)
        return status_fail(STATUS_DATA, "%s: attribute '%s' of %s is %" PRId64 ", which is negative", f->path,
                           attr, object, bits);
    *value = (uint64_t)bits;
    return STATUS_OK;
}

enum status h5_attr_doubles(struct h5 *f, const char *object, const char *attr, int64_t count, double *values)
{
    if (count < 0 || (size_t)count > H5_ROOM_BYTES / sizeof *values)
        return status_fail(STATUS_DATA, "%s: attribute '%s' of %s: %" PRId64 " values are too many", f->path,
                           attr, object, count);
    f->room->wanted.count = count;
    TRY(h5_ask_name(f, H5_ASK_DOUBLES, object, attr));
    memcpy(values, f->room->piece, (size_t)count * sizeof *values);
    return STATUS_OK;
}

/* ---- lists ---- */

enum status h5_children(struct h5 *f, const char *group, char ***names, int64_t *count)
{
    return h5_ask_list(f, H5_ASK_CHILDREN, group, NULL, names, count);
}

struct visit {
    struct h5 *file;
    const char *group;
    void (*each)(void *self, const char *name, const struct h5_info *info);
    void *self;
};

/* *is_table if it has columns, which are visited next. */
static enum status h5_visit_one(const struct visit *v, const char *name, bool *is_table)
{
    char path[H5_PATH_SIZE];
    struct h5_info info;
    snprintf(path, sizeof path, "%s%s%s", v->group, *v->group ? "/" : "", name);
    enum status status = h5_describe_data(v->file, path, &info);
    TRY(guard_check(v->file->guard));
    v->each(v->self, name, status == STATUS_OK ? &info : NULL);
    *is_table = status == STATUS_OK && info.kind == H5_KIND_TABLE;
    return STATUS_OK;
}

static enum status h5_visit_columns(const struct visit *v, const char *table)
{
    char path[H5_PATH_SIZE], **columns;
    int64_t count;
    bool is_table;
    snprintf(path, sizeof path, "%s%s%s", v->group, *v->group ? "/" : "", table);
    TRY(h5_ask_list(v->file, H5_ASK_COLUMNS, path, NULL, &columns, &count));
    enum status status = STATUS_OK;
    for (int64_t i = 0; i < count && status == STATUS_OK; i++) {
        int length = snprintf(path, sizeof path, "%s/%s", table, columns[i]);
        if (length < H5_PATH_SIZE) status = h5_visit_one(v, path, &is_table);
    }
    mem_free(&columns);
    return status;
}

/* Describes one dataset at a time, because `each` may make further requests. */
enum status h5_visit(struct h5 *f, const char *group,
                     void (*each)(void *self, const char *name, const struct h5_info *info), void *self)
{
    char **names;
    int64_t count;
    TRY(h5_ask_list(f, H5_ASK_LIST, group, NULL, &names, &count));
    const struct visit v = {f, group + strspn(group, "/"), each, self}; /* names read better without */
    enum status status = STATUS_OK;
    for (int64_t i = 0; i < count && status == STATUS_OK; i++) {
        bool is_table = false;
        status = h5_visit_one(&v, names[i], &is_table);
        if (status == STATUS_OK && is_table) status = h5_visit_columns(&v, names[i]);
    }
    mem_free(&names);
    return status;
}
