#include "ddp/h5.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ddp/mem.h"
#include "io/h5_private.h"

#define CACHE_MIN_BYTES (1 << 20)
#define CACHE_MAX_BYTES (64 << 20)

struct h5_data {
    hid_t dataset;
    struct h5_info info;
    char *where; /* "FILE: NAME" for messages */
};

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

static enum status check_filters(const char *where, const struct h5_info *info)
{
    for (int i = 0; i < info->filter_count; i++) {
        const struct h5_filter *filter = &info->filters[i];
        if (!filter->available)
            return status_fail(
                STATUS_DATA,
                "%s: is compressed with filter %d (%s), which is not available here; install "
                "its plugin and set HDF5_PLUGIN_PATH, or rewrite it with h5repack -f GZIP=1 IN OUT",
                where, filter->id, filter->name[0] ? filter->name : "no name");
    }
    return STATUS_OK;
}

/* Bytes of all chunks that one chunk's rows touch: with less, reading row by row decompresses chunks again.
 */
static size_t cache_bytes(const struct h5_info *info)
{
    int64_t bytes = info->bytes;
    for (int i = 0; i < info->rank; i++) {
        int64_t chunk = info->chunk[i] > 0 ? info->chunk[i] : 1;
        int64_t chunks = i == 0 ? 1 : (info->dims[i] + chunk - 1) / chunk;
        if (__builtin_mul_overflow(bytes, chunk, &bytes) || __builtin_mul_overflow(bytes, chunks, &bytes) ||
            bytes > CACHE_MAX_BYTES)
            return CACHE_MAX_BYTES;
    }
    return bytes < CACHE_MIN_BYTES ? CACHE_MIN_BYTES : (size_t)bytes;
}

/* Opens once to learn the chunks and, for a chunked dataset, again with a cache that fits them. */
static enum status open_dataset(struct h5 *f, const char *name, hid_t *dataset, struct h5_info *info)
{
    if (h5_what(f, name) != H5_OBJECT_DATASET)
        return status_fail(STATUS_DATA, "%s: no dataset '%s'", f->path, name);
    *dataset = H5Dopen2(f->file, name, H5P_DEFAULT);
    if (*dataset < 0)
        return status_fail(STATUS_DATA, "%s: %s: cannot be opened: %s", f->path, name, h5_cause());
    enum status status = h5_describe(*dataset, f->path, name, info);
    if (status == STATUS_OK && info->is_chunked) {
        H5Dclose(*dataset);
        hid_t list = H5Pcreate(H5P_DATASET_ACCESS);
        H5Pset_chunk_cache(list, 8191, cache_bytes(info),
                           1.0); /* a prime number of slots; drop read chunks first */
        *dataset = H5Dopen2(f->file, name, list);
        if (*dataset < 0)
            status = status_fail(STATUS_DATA, "%s: %s: cannot be opened: %s", f->path, name, h5_cause());
        H5Pclose(list);
    }
    if (status != STATUS_OK && *dataset >= 0) H5Dclose(*dataset);
    return status;
}

enum status h5_data_open(struct h5_data **out, struct h5 *f, const char *name)
{
    *out = NULL;
    struct h5_data *d = NULL;
    TRY(mem_alloc(&d, 1, sizeof *d, "HDF5 dataset"));
    d->dataset = H5I_INVALID_HID;
    size_t size = strlen(f->path) + strlen(name) + sizeof ": ";
    enum status status = mem_alloc(&d->where, size, 1, "HDF5 dataset");
    if (status == STATUS_OK) {
        snprintf(d->where, size, "%s: %s", f->path, name);
        status = open_dataset(f, name, &d->dataset, &d->info);
    }
    if (status == STATUS_OK) {
        *out = d;
        status = check_filters(d->where, &d->info);
        if (status == STATUS_OK) status = h5_check_sources(d->dataset, f->path, d->where);
        if (status != STATUS_OK) h5_data_close(out);
        return status;
    }
    mem_free(&d->where);
    mem_free(&d);
    return status;
}

void h5_data_close(struct h5_data **d)
{
    if (!*d) return;
    H5Dclose((*d)->dataset);
    mem_free(&(*d)->where);
    mem_free(d);
}

const struct h5_info *h5_data_info(const struct h5_data *d)
{
    return &d->info;
}

static enum status check_type(const struct h5_data *d, enum h5_type type)
{
    const struct h5_info *info = &d->info;
    bool fits = false;
    switch (type) {
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
    return status_fail(STATUS_DATA, "%s: holds %s where %s are needed", d->where, text, wanted[type]);
}

/* uint64 is read as it is and checked, because HDF5 would quietly clip it to int64. */
static enum status check_range(const struct h5_data *d, int64_t first, int64_t step, int64_t rows,
                               int64_t elements, const uint64_t *values)
{
    for (int64_t i = 0; i < elements; i++)
        if (values[i] > INT64_MAX)
            return status_fail(STATUS_DATA, "%s: row %" PRId64 " holds %" PRIu64 ", which is too large",
                               d->where, first + i / (elements / rows) * step, values[i]);
    return STATUS_OK;
}

static enum status read_selected(struct h5_data *d, hid_t memory, hid_t file, enum h5_type type, void *out)
{
    bool wide = type == H5_TYPE_I64 && !d->info.is_signed && d->info.bytes == 8;
    if (H5Dread(d->dataset, wide ? H5T_NATIVE_UINT64 : h5_native(type), memory, file, H5P_DEFAULT, out) < 0)
        return status_fail(STATUS_DATA, "%s: cannot be read: %s", d->where, h5_cause());
    return STATUS_OK;
}

enum status h5_data_read(struct h5_data *d, int64_t first, int64_t count, enum h5_type type, void *out)
{
    return h5_data_read_every(d, first, 1, count, type, out);
}

enum status h5_data_read_every(struct h5_data *d, int64_t first, int64_t step, int64_t count,
                               enum h5_type type, void *out)
{
    assert(step >= 1);
    const struct h5_info *info = &d->info;
    TRY(check_type(d, type));
    if (info->rank == 0) return status_fail(STATUS_DATA, "%s: is a single value without rows", d->where);
    int64_t end = info->dims[0];
    if (first < 0 || count < 0 || first > end ||
        (count > 0 && (first == end || count - 1 > (end - 1 - first) / step)))
        return status_fail(STATUS_DATA,
                           "%s: %" PRId64 " rows from %" PRId64 " on are not within its %" PRId64 " rows",
                           d->where, count, first, info->dims[0]);
    if (count == 0 || info->elements == 0) return STATUS_OK;

    hsize_t start[H5_MAX_RANK] = {(hsize_t)first}, extent[H5_MAX_RANK] = {(hsize_t)count};
    hsize_t stride[H5_MAX_RANK] = {(hsize_t)step};
    for (int i = 1; i < info->rank; i++) extent[i] = (hsize_t)info->dims[i], stride[i] = 1;
    hid_t file = H5Dget_space(d->dataset), memory = H5Screate_simple(info->rank, extent, NULL);
    enum status status;
    if (file < 0 || memory < 0 || H5Sselect_hyperslab(file, H5S_SELECT_SET, start, stride, extent, NULL) < 0)
        status = status_fail(STATUS_DATA, "%s: cannot be read: %s", d->where, h5_cause());
    else
        status = read_selected(d, memory, file, type, out);
    if (file >= 0) H5Sclose(file);
    if (memory >= 0) H5Sclose(memory);
    if (status == STATUS_OK && type == H5_TYPE_I64 && !info->is_signed)
        status = check_range(d, first, step, count, info->elements / info->dims[0] * count, out);
    return status;
}

enum status h5_read(struct h5 *f, const char *name, enum h5_type type, int64_t count, void *out)
{
    struct h5_data *d = NULL;
    TRY(h5_data_open(&d, f, name));
    enum status status = check_type(d, type);
    if (status == STATUS_OK && d->info.elements != count)
        status = status_fail(STATUS_DATA, "%s: holds %" PRId64 " values where %" PRId64 " are needed",
                             d->where, d->info.elements, count);
    if (status == STATUS_OK && count > 0) status = read_selected(d, H5S_ALL, H5S_ALL, type, out);
    if (status == STATUS_OK && count > 0 && type == H5_TYPE_I64 && !d->info.is_signed)
        status = check_range(d, 0, 1, count, count, out);
    h5_data_close(&d);
    return status;
}
