/* info.c - describes type, shape, chunks and filters of a dataset. */
#include "io/h5/h5.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/utf8.h"
#include "io/h5/private.h"

void h5_type_text(const struct h5_info *info, char text[H5_TEXT_SIZE])
{
    int bits = 8 * info->bytes;
    switch (info->kind) {
    case H5_KIND_INT:
        snprintf(text, H5_TEXT_SIZE, "%s%d", info->is_bits ? "bits" : info->is_signed ? "int" : "uint", bits);
        return;
    case H5_KIND_REAL:
        snprintf(text, H5_TEXT_SIZE, "float%d", bits);
        return;
    case H5_KIND_TEXT:
        snprintf(text, H5_TEXT_SIZE, "text");
        return;
    case H5_KIND_TABLE:
        snprintf(text, H5_TEXT_SIZE, "table");
        return;
    case H5_KIND_OTHER:
        break;
    }
    snprintf(text, H5_TEXT_SIZE, "other");
}

void h5_shape_text(int rank, const int64_t *dims, char text[H5_TEXT_SIZE])
{
    size_t used = (size_t)snprintf(text, H5_TEXT_SIZE, "(");
    for (int i = 0; i < rank && used < H5_TEXT_SIZE; i++)
        used += (size_t)snprintf(text + used, H5_TEXT_SIZE - used, "%s%" PRId64 "%s", i ? " " : "", dims[i],
                                 i + 1 < rank || rank == 1 ? "," : "");
    if (used < H5_TEXT_SIZE) snprintf(text + used, H5_TEXT_SIZE - used, ")");
}

/* Complex numbers of h5py, a table of r and i, are none of a user's tables. */
static bool h5_info_is_complex(hid_t type)
{
    return H5Tget_nmembers(type) == 2 && H5Tget_member_index(type, "r") == 0 &&
           H5Tget_member_index(type, "i") == 1;
}

void h5_describe_type(hid_t type, struct h5_info *info)
{
    H5T_class_t class = H5Tget_class(type);
    size_t bytes = H5Tget_size(type);
    info->kind = H5_KIND_OTHER;
    info->is_signed = info->is_bits = false;
    info->bytes = bytes < INT32_MAX ? (int)bytes : INT32_MAX;
    if (class == H5T_ENUM) {
        hid_t base = H5Tget_super(type);
        info->kind = H5_KIND_INT;
        info->is_signed = H5Tget_sign(base) == H5T_SGN_2;
        H5Tclose(base);
    } else if (class == H5T_INTEGER) {
        info->kind = H5_KIND_INT;
        info->is_signed = H5Tget_sign(type) == H5T_SGN_2;
    } else if (class == H5T_FLOAT) {
        info->kind = H5_KIND_REAL;
        info->is_signed = true;
    } else if (class == H5T_STRING) {
        info->kind = H5_KIND_TEXT;
    } else if (class == H5T_BITFIELD) {
        info->kind = H5_KIND_INT;
        info->is_bits = true;
    } else if (class == H5T_COMPOUND && !h5_info_is_complex(type)) {
        info->kind = H5_KIND_TABLE;
    }
    if (info->kind == H5_KIND_INT && bytes > 8) info->kind = H5_KIND_OTHER;
}

enum status h5_describe_space(hid_t space, const char *where, const char *name, struct h5_info *info)
{
    hsize_t dims[H5_MAX_RANK];
    H5S_class_t class = H5Sget_simple_extent_type(space);
    int rank = H5Sget_simple_extent_ndims(space);
    if (class == H5S_NULL)
        return status_fail(STATUS_DATA, "%s: %s: holds nothing (a null dataspace)", where, name);
    if (rank < 0 || rank > H5_MAX_RANK || H5Sget_simple_extent_dims(space, dims, NULL) < 0)
        return status_fail(STATUS_DATA, "%s: %s: has no readable shape: %s", where, name, h5_cause());
    info->rank = rank;
    info->elements = 1;
    /* in the widest type they are read in; without the zeros, so that no product of other dimensions overflows either */
    int64_t whole = info->bytes > H5_WIDEST ? info->bytes : H5_WIDEST;
    for (int i = 0; i < rank; i++) {
        if (dims[i] > INT64_MAX || (dims[i] && __builtin_mul_overflow(whole, (int64_t)dims[i], &whole)))
            return status_fail(STATUS_DATA, "%s: %s: has a shape that is larger than any memory", where,
                               name);
        info->dims[i] = (int64_t)dims[i];
        info->elements = dims[i] ? info->elements * info->dims[i] : 0;
    }
    return STATUS_OK;
}

static void h5_info_describe_storage(hid_t list, struct h5_info *info)
{
    hsize_t chunk[H5_MAX_RANK];
    int rank = H5Pget_layout(list) == H5D_CHUNKED ? H5Pget_chunk(list, H5_MAX_RANK, chunk) : 0;
    info->is_chunked = rank > 0 && rank == info->rank;
    for (int i = 0; info->is_chunked && i < rank; i++) info->chunk[i] = (int64_t)chunk[i];

    int count = H5Pget_nfilters(list);
    if (count > H5_MAX_FILTERS) count = H5_MAX_FILTERS;
    for (int i = 0; i < count; i++) {
        struct h5_filter *filter = &info->filters[info->filter_count];
        unsigned flags, first = 0;
        size_t values = 1;
        H5Z_filter_t id =
            H5Pget_filter2(list, (unsigned)i, &flags, &values, &first, H5_NAME_SIZE, filter->name, NULL);
        if (id < 0) continue;
        filter->name[H5_NAME_SIZE - 1] = '\0';
        utf8_mask_controls(filter->name);
        filter->id = id;
        filter->level = id == H5Z_FILTER_DEFLATE && values > 0 ? (int)first : -1;
        filter->available = H5Zfilter_avail(id) > 0;
        info->filter_count++;
    }
}

static enum status h5_info_describe(const struct h5_file *f, hid_t dataset, hid_t list, const char *name,
                                    struct h5_info *info)
{
    TRY(h5_policy_storage(f, list, name));
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    enum status status = STATUS_OK;
    if (type < 0 || space < 0)
        status = status_fail(STATUS_DATA, "%s: %s: is damaged: %s", f->path, name, h5_cause());
    else if (H5Tget_size(type) == 0)
        status = status_fail(STATUS_DATA, "%s: %s: is damaged: its elements have no bytes", f->path, name);
    else if (H5Tget_size(type) > INT32_MAX) /* more than info->bytes can say, by which sizes are checked */
        status = status_fail(STATUS_DATA,
                             "%s: %s: has elements of more than %d bytes; the file is damaged or malicious",
                             f->path, name, INT32_MAX);
    if (status == STATUS_OK) {
        h5_describe_type(type, info);
        status = h5_describe_space(space, f->path, name, info);
    }
    if (status == STATUS_OK) h5_info_describe_storage(list, info);
    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
    return status;
}

enum status h5_describe(const struct h5_file *f, hid_t dataset, const char *name, struct h5_info *info)
{
    memset(info, 0, sizeof *info);
    hid_t list = H5Dget_create_plist(dataset);
    if (list < 0) return status_fail(STATUS_DATA, "%s: %s: is damaged: %s", f->path, name, h5_cause());
    enum status status = h5_info_describe(f, dataset, list, name, info);
    H5Pclose(list);
    return status;
}
