/* read.c - reads numbers of datasets; runs in the child. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "io/h5/private.h"

hid_t h5_native(enum h5_type type)
{
    switch (type) {
    case H5_TYPE_U8:
        return H5T_NATIVE_UINT8;
    case H5_TYPE_I64:
        return H5T_NATIVE_INT64;
    case H5_TYPE_F32:
        return H5T_NATIVE_FLOAT;
    case H5_TYPE_F64:
        break;
    }
    return H5T_NATIVE_DOUBLE;
}

/* One reading: the rows of a dataset, and the box of elements that comes next. */
struct reading {
    const struct h5_file *file;
    const char *name;
    const struct h5_dataset *data;
    const struct h5_info *info;
    const struct h5_packing *packing; /* to be applied; NULL = numbers are wanted as stored */
    const struct h5_wanted *wanted;
    const struct h5_sink *sink;
    hid_t type, space;
    size_t bytes;     /* of an element of the dataset in memory */
    bool is_unsigned; /* numbers are read as uint64 */
    size_t left;      /* elements to hand on */
    hsize_t start[H5_MAX_RANK], stride[H5_MAX_RANK], extent[H5_MAX_RANK];
};

static enum status h5_read_check_type(const struct reading *r)
{
    const struct h5_info *info = r->info;
    bool fits = false;
    switch (r->wanted->type) {
    case H5_TYPE_U8:
        fits = info->kind == H5_KIND_INT && info->bytes == 1 && !info->is_signed;
        break;
    case H5_TYPE_I64:
        fits = info->kind == H5_KIND_INT;
        break;
    case H5_TYPE_F32:
    case H5_TYPE_F64:
        fits = info->kind == H5_KIND_INT || info->kind == H5_KIND_REAL;
        break;
    }
    if (fits) return STATUS_OK;
    static const char *const wanted[] = {"uint8", "integers", "numbers", "numbers"};
    char text[H5_TEXT_SIZE];
    h5_type_text(info, text);
    return status_fail(STATUS_DATA, "%s: %s: holds %s where %s are needed", r->file->path, r->name, text,
                       wanted[r->wanted->type]);
}

static enum status h5_read_check_rows(const struct reading *r)
{
    const struct h5_wanted *w = r->wanted;
    if (w->first < 0) return STATUS_OK; /* everything */
    if (r->data->rank == 0)
        return status_fail(STATUS_DATA, "%s: %s: is a single value without rows", r->file->path, r->name);
    int64_t end = r->info->dims[w->axis];
    if (w->count < 0 || w->first > end ||
        (w->count > 0 && (w->first == end || w->count - 1 > (end - 1 - w->first) / w->step)))
        return status_fail(STATUS_DATA,
                           "%s: %s: %" PRId64 " rows from %" PRId64 " on are not within its %" PRId64 " rows",
                           r->file->path, r->name, w->count, w->first, end);
    return STATUS_OK;
}

/* uint64 is read as it is and checked, because HDF5 would quietly clip it to int64. */
static enum status h5_read_check_range(const struct reading *r, size_t elements, size_t row_elements)
{
    const uint64_t *values = r->sink->room;
    int axis = r->wanted->axis;
    if (r->wanted->type != H5_TYPE_I64 || !r->is_unsigned) return STATUS_OK;
    for (size_t i = 0; i < elements; i++)
        if (values[i] > INT64_MAX)
            return status_fail(
                STATUS_DATA, "%s: %s: row %" PRId64 " holds %" PRIu64 ", which is too large", r->file->path,
                r->name, r->data->rank ? (int64_t)(r->start[axis] + i / row_elements * r->stride[axis]) : 0,
                values[i]);
    return STATUS_OK;
}

/* HDF5 converts bit fields to nothing but bit fields, so they are read as such and become floats here, in place. */
static void h5_read_convert_bits(const struct reading *r, size_t elements)
{
    const uint64_t *from = r->sink->room;
    enum h5_type type = r->wanted->type;
    if (!r->info->is_bits || (type != H5_TYPE_F32 && type != H5_TYPE_F64)) return;
    for (size_t i = 0; i < elements; i++) {
        uint64_t bits;
        memcpy(&bits, from + i, sizeof bits);
        float single = (float)bits;
        double both = (double)bits;
        if (type == H5_TYPE_F32)
            memcpy((char *)r->sink->room + i * sizeof single, &single, sizeof single);
        else
            memcpy((char *)r->sink->room + i * sizeof both, &both, sizeof both);
    }
}

static enum status h5_read_box(struct reading *r, size_t elements)
{
    int rank = r->data->rank;
    hid_t memory = H5Screate_simple(rank, r->extent, NULL);
    bool done = memory >= 0 &&
                (rank == 0 ||
                 H5Sselect_hyperslab(r->space, H5S_SELECT_SET, r->start, r->stride, r->extent, NULL) >= 0) &&
                H5Dread(r->data->id, r->type, memory, r->space, H5P_DEFAULT, r->sink->room) >= 0;
    enum status status = STATUS_OK;
    if (!done)
        status = status_fail(STATUS_DATA, "%s: %s: cannot be read: %s", r->file->path, r->name, h5_cause());
    if (memory >= 0) H5Sclose(memory);
    if (status != STATUS_OK) return status;
    elements *= (size_t)r->data->row_elements;
    h5_read_convert_bits(r, elements);
    hsize_t rows = rank ? r->extent[r->wanted->axis] : 0;
    return h5_read_check_range(r, elements, rows ? elements / rows : 1);
}

/* Hands on `elements` of the dataset. */
static bool h5_read_hand_on(struct reading *r, size_t elements)
{
    size_t bytes = elements * r->bytes;
    if (r->packing)
        h5_packing_apply(r->packing, r->info, r->wanted->type, elements * (size_t)r->data->row_elements,
                         r->sink->room);
    if ((r->packing || r->info->is_bits) && r->wanted->type == H5_TYPE_F32)
        bytes /= 2; /* they were read in 8 */
    r->left -= elements;
    return r->sink->take(r->sink->self, bytes, r->left == 0);
}

/* Elements of one step along dimension k. */
static size_t h5_read_elements_within(const struct reading *r, int k)
{
    size_t elements = 1;
    for (int i = k + 1; i < r->data->rank; i++)
        if (__builtin_mul_overflow(elements, (size_t)r->extent[i], &elements)) return SIZE_MAX;
    return elements;
}

/* Reads the box of dimensions k and up, the lower ones being fixed, in pieces that fit the room. */
static enum status h5_read_from(struct reading *r, int k)
{
    size_t inner = h5_read_elements_within(r, k);
    if (k == r->data->rank) { /* a single value */
        TRY(h5_read_box(r, 1));
        return h5_read_hand_on(r, 1) ? STATUS_OK : STATUS_OTHER;
    }
    hsize_t first = r->start[k], count = r->extent[k];
    size_t at_once = r->sink->size / r->bytes / inner;
    for (hsize_t at = 0, n; at < count; at += n) {
        n = at_once == 0 ? 1 : count - at < at_once ? count - at : at_once;
        r->start[k] = first + at * r->stride[k];
        r->extent[k] = n;
        if (at_once == 0) {
            TRY(h5_read_from(r, k + 1));
            continue;
        }
        TRY(h5_read_box(r, n * inner));
        if (!h5_read_hand_on(r, n * inner)) return STATUS_OTHER;
    }
    r->start[k] = first;
    r->extent[k] = count;
    return STATUS_OK;
}

/* The type of an element in memory; of a table a record with the one column that is read. */
static enum status h5_read_choose_type(struct reading *r)
{
    const struct h5_info *info = r->info;
    bool small = r->wanted->type == H5_TYPE_U8;
    bool wide = r->wanted->type == H5_TYPE_I64 && !info->is_signed && info->bytes == 8;
    r->is_unsigned = info->is_bits ? !small : wide;
    hid_t number = h5_native(r->wanted->type);
    if (r->packing)
        number = H5T_NATIVE_DOUBLE;
    else if (info->is_bits)
        number = small ? H5T_NATIVE_B8 : H5T_NATIVE_B64;
    else if (wide)
        number = H5T_NATIVE_UINT64;
    r->type = *r->data->column ? h5_column_memory_type(r->data, number) : H5Tcopy(number);
    r->bytes = r->type >= 0 ? H5Tget_size(r->type) : 0;
    if (r->bytes > 0 && r->bytes <= r->sink->size) return STATUS_OK;
    return status_fail(STATUS_DATA,
                       "%s: %s: has rows of more than %zu bytes in a table; store it as a data set",
                       r->file->path, r->name, r->sink->size);
}

enum status h5_read_rows(const struct h5_file *f, const struct h5_dataset *d, const char *name,
                         const struct h5_wanted *wanted, const struct h5_sink *sink)
{
    struct reading r = {.file = f, .name = name, .data = d, .info = &d->info, .wanted = wanted, .sink = sink};
    bool real = wanted->type == H5_TYPE_F32 || wanted->type == H5_TYPE_F64;
    if (real && !h5_is_plain(&d->packing)) r.packing = &d->packing;
    TRY(h5_read_check_type(&r));
    TRY(h5_read_check_rows(&r));
    if (d->info.elements == 0 || (wanted->first >= 0 && wanted->count == 0)) return STATUS_OK;
    for (int i = 0; i < d->rank; i++) r.extent[i] = (hsize_t)d->info.dims[i], r.stride[i] = 1;
    if (wanted->first >= 0) {
        r.start[wanted->axis] = (hsize_t)wanted->first;
        r.stride[wanted->axis] = (hsize_t)wanted->step;
        r.extent[wanted->axis] = (hsize_t)wanted->count;
    }
    r.left = 1;
    for (int i = 0; i < d->rank; i++) r.left *= (size_t)r.extent[i];
    r.space = H5Dget_space(d->id);
    if (r.space < 0) return status_fail(STATUS_DATA, "%s: %s: cannot be read: %s", f->path, name, h5_cause());
    enum status status = h5_read_choose_type(&r);
    if (status == STATUS_OK) status = h5_read_from(&r, 0);
    if (r.type >= 0) H5Tclose(r.type);
    H5Sclose(r.space);
    return status;
}
