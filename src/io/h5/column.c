/* column.c - the columns of tables, which are datasets of a compound type; runs in the child. */
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "io/h5/private.h"

bool h5_column_find(const struct h5_file *f, const char *name, char table[H5_PATH_SIZE],
                    char column[H5_PATH_SIZE])
{
    const char *slash = strrchr(name, '/');
    enum h5_object what;
    *column = '\0';
    if (!slash || slash == name || !slash[1] || strlen(name) >= H5_PATH_SIZE) return false;
    snprintf(table, H5_PATH_SIZE, "%.*s", (int)(slash - name), name);
    if (h5_file_find(f, table, &what) != STATUS_OK || what != H5_OBJECT_DATASET) return false;
    hid_t dataset = H5Dopen2(f->file, table, H5P_DEFAULT);
    hid_t type = dataset >= 0 ? H5Dget_type(dataset) : H5I_INVALID_HID;
    if (type >= 0 && H5Tget_class(type) == H5T_COMPOUND && H5Tget_member_index(type, slash + 1) >= 0)
        snprintf(column, H5_PATH_SIZE, "%s", slash + 1);
    if (type >= 0) H5Tclose(type);
    if (dataset >= 0) H5Dclose(dataset);
    return *column;
}

/* Adds the axes of an element that is an array; *type is that of its elements then. */
static enum status h5_column_add_axes(const struct h5_file *f, const char *name, hid_t *type,
                                      struct h5_info *info)
{
    hsize_t dims[H5_MAX_RANK];
    if (H5Tget_class(*type) != H5T_ARRAY) return STATUS_OK;
    int rank = H5Tget_array_ndims(*type);
    if (rank < 1 || rank > H5_MAX_RANK - info->rank || H5Tget_array_dims2(*type, dims) < 0)
        return status_fail(STATUS_DATA, "%s: %s: has more than %d axes", f->path, name, H5_MAX_RANK);
    for (int i = 0; i < rank; i++) {
        if (dims[i] > INT32_MAX || __builtin_mul_overflow(info->elements, (int64_t)dims[i], &info->elements))
            return status_fail(STATUS_DATA, "%s: %s: has a shape that is larger than any memory", f->path,
                               name);
        info->chunk[info->rank] = (int64_t)dims[i];
        info->dims[info->rank++] = (int64_t)dims[i];
    }
    hid_t element = H5Tget_super(*type);
    H5Tclose(*type);
    *type = element;
    return STATUS_OK;
}

enum status h5_column_describe(const struct h5_file *f, hid_t dataset, const char *table, const char *column,
                               struct h5_info *info)
{
    hid_t record = H5Dget_type(dataset), type = H5I_INVALID_HID;
    int index = record >= 0 ? H5Tget_member_index(record, column) : -1;
    if (index >= 0) type = H5Tget_member_type(record, (unsigned)index);
    enum status status = STATUS_OK;
    if (type < 0) status = status_fail(STATUS_DATA, "%s: %s: no column '%s'", f->path, table, column);
    if (status == STATUS_OK) status = h5_column_add_axes(f, table, &type, info);
    if (status == STATUS_OK) h5_describe_type(type, info);
    if (type >= 0) H5Tclose(type);
    if (record >= 0) H5Tclose(record);
    return status;
}

/* The elements of one row of a column, as a type in memory. */
static hid_t h5_column_element(const struct h5_dataset *d, hid_t number)
{
    hsize_t dims[H5_MAX_RANK];
    int rank = d->info.rank - d->rank;
    for (int i = 0; i < rank; i++) dims[i] = (hsize_t)d->info.dims[d->rank + i];
    return rank ? H5Tarray_create2(number, (unsigned)rank, dims) : H5Tcopy(number);
}

hid_t h5_column_memory_type(const struct h5_dataset *d, hid_t number)
{
    hid_t element = h5_column_element(d, number), record = H5I_INVALID_HID;
    if (element < 0) return element;
    record = H5Tcreate(H5T_COMPOUND, H5Tget_size(element));
    if (record >= 0) H5Tinsert(record, d->column, 0, element);
    H5Tclose(element);
    return record;
}

enum status h5_column_list(const struct h5_file *f, const char *table, struct h5_texts *out)
{
    struct h5_names names = {.texts = out};
    hid_t dataset = H5Dopen2(f->file, table, H5P_DEFAULT);
    hid_t type = dataset >= 0 ? H5Dget_type(dataset) : H5I_INVALID_HID;
    int count = type >= 0 && H5Tget_class(type) == H5T_COMPOUND ? H5Tget_nmembers(type) : 0;
    enum status status = STATUS_OK;
    for (int i = 0; i < count && status == STATUS_OK; i++) {
        char *name = H5Tget_member_name(type, (unsigned)i);
        if (name && *name && !strchr(name, '/') && strlen(table) + strlen(name) + 1 < H5_PATH_SIZE)
            status = h5_file_add_name(&names, name);
        H5free_memory(name);
    }
    if (type >= 0) H5Tclose(type);
    if (dataset >= 0) H5Dclose(dataset);
    return status;
}
