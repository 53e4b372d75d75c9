/* text.c - reads texts of datasets and attributes, and numbers of attributes; runs in the child. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "io/h5/private.h"

#define TEXTS_MAX       (1 << 20)
#define TEXTS_MAX_BYTES (64 << 20)

/* A dataset or an attribute: they differ only in the calls that open and read them. */
struct place {
    const char *where; /* of the file */
    const char *name;
    hid_t id;
    bool is_attribute;
};

static enum status h5_text_too_much(const struct place *p, int64_t pieces)
{
    return status_fail(STATUS_DATA, "%s: %s: holds too much text (%" PRId64 " strings)", p->where, p->name,
                       pieces);
}

static enum status h5_text_read_place(const struct place *p, hid_t type, void *out)
{
    herr_t result = p->is_attribute ? H5Aread(p->id, type, out)
                                    : H5Dread(p->id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out);
    if (result < 0)
        return status_fail(STATUS_DATA, "%s: %s: cannot be read: %s", p->where, p->name, h5_cause());
    return STATUS_OK;
}

/* items[i] has at most `longest` bytes. */
static enum status h5_text_pack(const struct place *p, const char *const *items, size_t longest,
                                struct h5_texts *out)
{
    size_t bytes = 0;
    for (int64_t i = 0; i < out->count && bytes <= TEXTS_MAX_BYTES; i++)
        bytes += (items[i] ? strnlen(items[i], longest) : 0) + 1;
    if (bytes > TEXTS_MAX_BYTES) return h5_text_too_much(p, out->count);
    TRY(mem_alloc(&out->block, bytes, 1, "texts of an HDF5 file"));
    char *next = out->block;
    out->bytes = bytes;
    for (int64_t i = 0; i < out->count; i++) {
        size_t length = items[i] ? strnlen(items[i], longest) : 0;
        if (length) memcpy(next, items[i], length);
        next += length + 1;
    }
    return STATUS_OK;
}

static enum status h5_text_read_variable(const struct place *p, hid_t memory_type, hid_t space,
                                         struct h5_texts *out)
{
    char **raw = NULL;
    TRY(mem_alloc(&raw, (size_t)out->count, sizeof *raw, "texts of an HDF5 file"));
    enum status status = h5_text_read_place(p, memory_type, raw);
    if (status == STATUS_OK) {
        status = h5_text_pack(p, (const char *const *)raw, TEXTS_MAX_BYTES, out);
        H5Dvlen_reclaim(memory_type, space, H5P_DEFAULT, raw);
    }
    mem_free(&raw);
    return status;
}

static enum status h5_text_read_fixed(const struct place *p, hid_t memory_type, size_t size,
                                      struct h5_texts *out)
{
    char *raw = NULL;
    const char **items = NULL;
    enum status status = mem_alloc(&raw, (size_t)out->count, size, "texts of an HDF5 file");
    if (status == STATUS_OK)
        status = mem_alloc(&items, (size_t)out->count, sizeof *items, "texts of an HDF5 file");
    if (status == STATUS_OK) status = h5_text_read_place(p, memory_type, raw);
    if (status == STATUS_OK) {
        for (int64_t i = 0; i < out->count; i++) items[i] = raw + (size_t)i * size;
        status = h5_text_pack(p, items, size, out);
    }
    mem_free(&items);
    mem_free(&raw);
    return status;
}

/* HDF5 does not convert between fixed and variable length, so each is read as what it is. */
static enum status h5_text_read_typed(const struct place *p, hid_t type, hid_t space, struct h5_texts *out)
{
    if (H5Tget_class(type) != H5T_STRING)
        return status_fail(STATUS_DATA, "%s: %s: is not text", p->where, p->name);
    hssize_t points = H5Sget_simple_extent_npoints(space);
    bool variable = H5Tis_variable_str(type) > 0;
    size_t size = variable ? sizeof(char *) : H5Tget_size(type) + 1;
    if (points < 1) return status_fail(STATUS_DATA, "%s: %s: holds no text", p->where, p->name);
    if (points > TEXTS_MAX || size > TEXTS_MAX_BYTES / (size_t)points) return h5_text_too_much(p, points);
    hid_t memory_type = H5Tcopy(H5T_C_S1);
    H5Tset_size(memory_type, variable ? H5T_VARIABLE : size);
    H5Tset_cset(memory_type, H5Tget_cset(type));
    out->count = points;
    enum status status = variable ? h5_text_read_variable(p, memory_type, space, out)
                                  : h5_text_read_fixed(p, memory_type, size, out);
    H5Tclose(memory_type);
    return status;
}

static enum status h5_text_read_texts(const struct place *p, struct h5_texts *out)
{
    hid_t type = p->is_attribute ? H5Aget_type(p->id) : H5Dget_type(p->id);
    hid_t space = p->is_attribute ? H5Aget_space(p->id) : H5Dget_space(p->id);
    enum status status;
    if (type < 0 || space < 0)
        status = status_fail(STATUS_DATA, "%s: %s: is damaged: %s", p->where, p->name, h5_cause());
    else
        status = h5_text_read_typed(p, type, space, out);
    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
    return status;
}

static enum status h5_text_open_attr(const struct h5_file *f, const char *object, const char *attr, hid_t *id)
{
    bool has;
    TRY(h5_file_has_attr(f, object, attr, &has));
    *id = has ? H5Aopen_by_name(f->file, object, attr, H5P_DEFAULT, H5P_DEFAULT) : H5I_INVALID_HID;
    if (*id < 0) return status_fail(STATUS_DATA, "%s: %s has no attribute '%s'", f->path, object, attr);
    return STATUS_OK;
}

enum status h5_text_read(struct h5_file *f, const char *object, const char *attr, struct h5_texts *out)
{
    struct place p = {f->path, attr ? attr : object, H5I_INVALID_HID, attr != NULL};
    struct h5_dataset dataset;
    *out = (struct h5_texts){0};
    TRY(attr ? h5_text_open_attr(f, object, attr, &p.id) : h5_dataset_open(f, object, &dataset));
    if (!attr) p.id = dataset.id;
    enum status status = h5_text_read_texts(&p, out);
    if (attr)
        H5Aclose(p.id);
    else
        h5_dataset_close(f, &dataset);
    return status;
}

static enum status h5_text_describe_attr(const struct h5_file *f, hid_t id, const char *object,
                                         const char *attr, struct h5_info *info)
{
    hid_t type = H5Aget_type(id), space = H5Aget_space(id);
    enum status status = STATUS_OK;
    memset(info, 0, sizeof *info);
    if (type < 0 || space < 0 || H5Tget_size(type) == 0)
        status = status_fail(STATUS_DATA, "%s: attribute '%s' of %s is damaged: %s", f->path, attr, object,
                             h5_cause());
    if (status == STATUS_OK) h5_describe_type(type, info);
    if (status == STATUS_OK) status = h5_describe_space(space, f->path, object, info);
    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
    return status;
}

enum status h5_text_describe(const struct h5_file *f, const char *object, const char *attr, bool *has,
                             struct h5_info *info)
{
    TRY(h5_file_has_attr(f, object, attr, has));
    if (!*has) return STATUS_OK;
    hid_t id = H5Aopen_by_name(f->file, object, attr, H5P_DEFAULT, H5P_DEFAULT);
    if (id < 0)
        return status_fail(STATUS_DATA, "%s: attribute '%s' of %s is damaged: %s", f->path, attr, object,
                           h5_cause());
    enum status status = h5_text_describe_attr(f, id, object, attr, info);
    H5Aclose(id);
    return status;
}

/* Numbers of a described type; bit fields are read as such, for HDF5 converts them to nothing else. */
static herr_t h5_text_read_numbers(hid_t id, const struct h5_info *info, bool integers, int64_t count,
                                   void *out)
{
    bool is_unsigned = !info->is_signed && info->kind == H5_KIND_INT;
    hid_t whole = info->is_bits ? H5T_NATIVE_B64 : is_unsigned ? H5T_NATIVE_UINT64 : H5T_NATIVE_INT64;
    herr_t result = H5Aread(id, integers || info->is_bits ? whole : H5T_NATIVE_DOUBLE, out);
    for (int64_t i = 0; !integers && info->is_bits && i < count; i++) {
        uint64_t bits;
        memcpy(&bits, (uint64_t *)out + i, sizeof bits);
        double value = (double)bits;
        memcpy((double *)out + i, &value, sizeof value);
    }
    return result;
}

static enum status h5_text_take_numbers(const struct h5_file *f, hid_t id, const char *object,
                                        const char *attr, bool integers, int64_t count, bool *is_unsigned,
                                        void *out)
{
    struct h5_info info;
    TRY(h5_text_describe_attr(f, id, object, attr, &info));
    *is_unsigned = info.kind == H5_KIND_INT && !info.is_signed;
    if (info.kind != H5_KIND_INT && (info.kind != H5_KIND_REAL || integers))
        return status_fail(STATUS_DATA, "%s: attribute '%s' of %s is not %s", f->path, attr, object,
                           integers ? "an integer" : "a number");
    if (info.elements != count || info.bytes > (int)sizeof(long double))
        return status_fail(STATUS_DATA,
                           "%s: attribute '%s' of %s holds %" PRId64 " values where %" PRId64 " are needed",
                           f->path, attr, object, info.elements, count);
    if (h5_text_read_numbers(id, &info, integers, count, out) >= 0) return STATUS_OK;
    return status_fail(STATUS_DATA, "%s: attribute '%s' of %s cannot be read: %s", f->path, attr, object,
                       h5_cause());
}

enum status h5_text_numbers(struct h5_file *f, const char *object, const char *attr, bool integers,
                            int64_t count, bool *is_unsigned, void *out)
{
    hid_t id;
    TRY(h5_text_open_attr(f, object, attr, &id));
    enum status status = h5_text_take_numbers(f, id, object, attr, integers, count, is_unsigned, out);
    H5Aclose(id);
    return status;
}
