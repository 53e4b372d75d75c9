#include "ddp/h5.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ddp/mem.h"
#include "io/h5_private.h"

#define TEXTS_MAX       (1 << 20)
#define TEXTS_MAX_BYTES (64 << 20)

/* A dataset or an attribute: they differ only in the calls that open and read them. */
struct place {
    const char *where; /* of the file */
    const char *name;
    hid_t id;
    bool is_attribute;
};

static enum status read_place(const struct place *p, hid_t type, void *out)
{
    herr_t result = p->is_attribute ? H5Aread(p->id, type, out)
                                    : H5Dread(p->id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out);
    if (result < 0)
        return status_fail(STATUS_DATA, "%s: %s: cannot be read: %s", p->where, p->name, h5_cause());
    return STATUS_OK;
}

/* One block: `count` pointers, then the texts they point at. items[i] has at most sizes[i] bytes. */
static enum status pack(const char *const *items, size_t longest, int64_t count, char ***out)
{
    size_t bytes = 0;
    for (int64_t i = 0; i < count; i++) bytes += (items[i] ? strnlen(items[i], longest) : 0) + 1;
    char **texts = NULL;
    TRY(mem_alloc(&texts, (size_t)count * sizeof *texts + bytes, 1, "texts of an HDF5 file"));
    char *next = (char *)(texts + count);
    for (int64_t i = 0; i < count; i++) {
        size_t length = items[i] ? strnlen(items[i], longest) : 0;
        texts[i] = next;
        if (length) memcpy(next, items[i], length);
        next += length + 1;
    }
    *out = texts;
    return STATUS_OK;
}

static enum status read_variable(const struct place *p, hid_t memory_type, hid_t space, int64_t count,
                                 char ***out)
{
    char **raw = NULL;
    TRY(mem_alloc(&raw, (size_t)count, sizeof *raw, "texts of an HDF5 file"));
    enum status status = read_place(p, memory_type, raw);
    if (status == STATUS_OK) {
        status = pack((const char *const *)raw, TEXTS_MAX_BYTES, count, out);
        H5Dvlen_reclaim(memory_type, space, H5P_DEFAULT, raw);
    }
    mem_free(&raw);
    return status;
}

static enum status read_fixed(const struct place *p, hid_t memory_type, size_t size, int64_t count,
                              char ***out)
{
    char *raw = NULL;
    const char **items = NULL;
    enum status status = mem_alloc(&raw, (size_t)count, size, "texts of an HDF5 file");
    if (status == STATUS_OK)
        status = mem_alloc(&items, (size_t)count, sizeof *items, "texts of an HDF5 file");
    if (status == STATUS_OK) status = read_place(p, memory_type, raw);
    if (status == STATUS_OK) {
        for (int64_t i = 0; i < count; i++) items[i] = raw + (size_t)i * size;
        status = pack(items, size, count, out);
    }
    mem_free(&items);
    mem_free(&raw);
    return status;
}

/* HDF5 does not convert between fixed and variable length, so each is read as what it is. */
static enum status read_typed(const struct place *p, hid_t type, hid_t space, char ***out, int64_t *count)
{
    if (H5Tget_class(type) != H5T_STRING)
        return status_fail(STATUS_DATA, "%s: %s: is not text", p->where, p->name);
    hssize_t points = H5Sget_simple_extent_npoints(space);
    bool variable = H5Tis_variable_str(type) > 0;
    size_t size = variable ? sizeof(char *) : H5Tget_size(type) + 1;
    if (points < 1) return status_fail(STATUS_DATA, "%s: %s: holds no text", p->where, p->name);
    if (points > TEXTS_MAX || size > TEXTS_MAX_BYTES / (size_t)points)
        return status_fail(STATUS_DATA, "%s: %s: holds too much text (%lld pieces)", p->where, p->name,
                           (long long)points);
    hid_t memory_type = H5Tcopy(H5T_C_S1);
    H5Tset_size(memory_type, variable ? H5T_VARIABLE : size);
    H5Tset_cset(memory_type, H5Tget_cset(type));
    *count = points;
    enum status status = variable ? read_variable(p, memory_type, space, points, out)
                                  : read_fixed(p, memory_type, size, points, out);
    H5Tclose(memory_type);
    return status;
}

static enum status read_texts(const struct place *p, char ***out, int64_t *count)
{
    hid_t type = p->is_attribute ? H5Aget_type(p->id) : H5Dget_type(p->id);
    hid_t space = p->is_attribute ? H5Aget_space(p->id) : H5Dget_space(p->id);
    enum status status;
    if (type < 0 || space < 0)
        status = status_fail(STATUS_DATA, "%s: %s: is damaged: %s", p->where, p->name, h5_cause());
    else
        status = read_typed(p, type, space, out, count);
    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
    return status;
}

static enum status only_text(enum status status, const char *where, const char *name, char ***texts,
                             int64_t count, char **text)
{
    if (status == STATUS_OK && count != 1)
        status = status_fail(STATUS_DATA, "%s: %s: holds %" PRId64 " texts where one is needed", where, name,
                             count);
    else if (*texts)
        status = mem_copy_text(text, (*texts)[0]);
    mem_free(texts);
    return status;
}

enum status h5_read_texts(struct h5 *f, const char *name, char ***texts, int64_t *count)
{
    *texts = NULL;
    *count = 0;
    if (h5_what(f, name) != H5_OBJECT_DATASET)
        return status_fail(STATUS_DATA, "%s: no dataset '%s'", f->path, name);
    struct place p = {f->path, name, H5Dopen2(f->file, name, H5P_DEFAULT), false};
    if (p.id < 0) return status_fail(STATUS_DATA, "%s: %s: cannot be opened: %s", f->path, name, h5_cause());
    enum status status = read_texts(&p, texts, count);
    H5Dclose(p.id);
    return status;
}

enum status h5_read_text(struct h5 *f, const char *name, char **text)
{
    char **texts;
    int64_t count;
    enum status status = h5_read_texts(f, name, &texts, &count);
    *text = NULL;
    return only_text(status, f->path, name, &texts, count, text);
}

static enum status open_attr(struct h5 *f, const char *object, const char *attr, hid_t *id)
{
    *id = H5Aopen_by_name(f->file, object, attr, H5P_DEFAULT, H5P_DEFAULT);
    if (*id < 0) return status_fail(STATUS_DATA, "%s: %s has no attribute '%s'", f->path, object, attr);
    return STATUS_OK;
}

enum status h5_attr_texts(struct h5 *f, const char *object, const char *attr, char ***texts, int64_t *count)
{
    *texts = NULL;
    *count = 0;
    struct place p = {f->path, attr, H5I_INVALID_HID, true};
    TRY(open_attr(f, object, attr, &p.id));
    enum status status = read_texts(&p, texts, count);
    H5Aclose(p.id);
    return status;
}

enum status h5_attr_text(struct h5 *f, const char *object, const char *attr, char **text)
{
    char **texts;
    int64_t count;
    enum status status = h5_attr_texts(f, object, attr, &texts, &count);
    *text = NULL;
    return only_text(status, f->path, attr, &texts, count, text);
}

/* Reads exactly `count` numbers. Integers are asked for as int64 or uint64, and only of integers of that
 * sign. */
static enum status read_numbers(struct h5 *f, const char *object, const char *attr, hid_t memory_type,
                                int64_t count, bool *is_unsigned, void *out)
{
    hid_t id;
    TRY(open_attr(f, object, attr, &id));
    hid_t type = H5Aget_type(id), space = H5Aget_space(id);
    H5T_class_t class = H5Tget_class(type);
    hssize_t points = H5Sget_simple_extent_npoints(space);
    enum status status = STATUS_OK;
    *is_unsigned = class == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_NONE;
    if (class != H5T_INTEGER && (class != H5T_FLOAT || memory_type != H5T_NATIVE_DOUBLE))
        status = status_fail(STATUS_DATA, "%s: attribute '%s' of %s is not %s", f->path, attr, object,
                             memory_type == H5T_NATIVE_DOUBLE ? "a number" : "an integer");
    else if (points != count ||
             H5Tget_size(type) > (class == H5T_INTEGER ? sizeof(int64_t) : sizeof(long double)))
        status = status_fail(STATUS_DATA,
                             "%s: attribute '%s' of %s holds %lld values where %" PRId64 " are needed",
                             f->path, attr, object, (long long)points, count);
    else if (H5Aread(id, memory_type == H5T_NATIVE_INT64 && *is_unsigned ? H5T_NATIVE_UINT64 : memory_type,
                     out) < 0)
        status = status_fail(STATUS_DATA, "%s: attribute '%s' of %s cannot be read: %s", f->path, attr,
                             object, h5_cause());
    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
    H5Aclose(id);
    return status;
}

/* The 64 bits of an integer attribute; *is_unsigned tells how to take them. */
static enum status read_integer(struct h5 *f, const char *object, const char *attr, bool *is_unsigned,
                                int64_t *bits)
{
    return read_numbers(f, object, attr, H5T_NATIVE_INT64, 1, is_unsigned, bits);
}

enum status h5_attr_int64(struct h5 *f, const char *object, const char *attr, int64_t *value)
{
    bool is_unsigned = false;
    TRY(read_integer(f, object, attr, &is_unsigned, value));
    if (is_unsigned && *value < 0)
        return status_fail(STATUS_DATA, "%s: attribute '%s' of %s is %" PRIu64 ", which is too large",
                           f->path, attr, object, (uint64_t)*value);
    return STATUS_OK;
}

enum status h5_attr_uint64(struct h5 *f, const char *object, const char *attr, uint64_t *value)
{
    bool is_unsigned = false;
    int64_t bits = 0;
    TRY(read_integer(f, object, attr, &is_unsigned, &bits));
    if (!is_unsigned && bits < 0)
        return status_fail(STATUS_DATA, "%s: attribute '%s' of %s is %" PRId64 ", which is negative", f->path,
                           attr, object, bits);
    *value = (uint64_t)bits;
    return STATUS_OK;
}

enum status h5_attr_doubles(struct h5 *f, const char *object, const char *attr, int64_t count, double *values)
{
    bool is_unsigned;
    return read_numbers(f, object, attr, H5T_NATIVE_DOUBLE, count, &is_unsigned, values);
}
