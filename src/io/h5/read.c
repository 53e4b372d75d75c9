/* read.c - reads numbers of datasets; runs in the child. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "io/h5/private.h"

#define CACHE_MIN_BYTES (1 << 20)
#define CACHE_MAX_BYTES (64 << 20)

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

/* ---- opening ---- */

/* Bytes of all chunks that one chunk's rows touch: with less, reading row by row decompresses chunks
 * again. */
static size_t h5_read_cache_bytes(const struct h5_info *info)
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

/* Returns an upper bound of the memory for reading: a chunk, compressed and in up to three stages of
 * filters, and the cache. */
static size_t h5_read_memory_of(const struct h5_info *info)
{
    if (!info->is_chunked) return 0;
    size_t chunk = (size_t)info->bytes;
    for (int i = 0; i < info->rank; i++) chunk *= (size_t)info->chunk[i]; /* h5_policy_sizes has checked it */
    return 4 * chunk + CACHE_MAX_BYTES;
}

static enum status h5_read_check(const struct h5_file *f, hid_t dataset, const char *name,
                                 struct h5_info *info)
{
    TRY(h5_describe(f, dataset, name, info));
    TRY(h5_policy_filters(f, name, info));
    TRY(h5_policy_sizes(f, dataset, name, info));
    return h5_check_sources(f, dataset, name);
}

/* A chunked dataset is opened again, with a cache that fits its chunks. */
static enum status h5_read_reopen(struct h5_file *f, const char *name, hid_t *dataset,
                                  const struct h5_info *info)
{
    if (!info->is_chunked) return STATUS_OK;
    H5Dclose(*dataset);
    hid_t list = H5Pcreate(H5P_DATASET_ACCESS);
    H5Pset_chunk_cache(list, 8191, h5_read_cache_bytes(info),
                       1.0); /* a prime number of slots; drop read chunks first */
    *dataset = H5Dopen2(f->file, name, list);
    enum status status = STATUS_OK;
    if (*dataset < 0)
        status = status_fail(STATUS_DATA, "%s: %s: cannot be opened: %s", f->path, name, h5_cause());
    H5Pclose(list);
    return status;
}

static void h5_read_need(struct h5_file *f, size_t memory)
{
    f->memory = memory;
    if (f->guard) guard_allow(f->guard, GUARD_MEMORY + f->memory);
}

enum status h5_read_open(struct h5_file *f, const char *name, hid_t *dataset, struct h5_info *info)
{
    enum h5_object what;
    TRY(h5_file_find(f, name, &what));
    if (what != H5_OBJECT_DATASET) return status_fail(STATUS_DATA, "%s: no dataset '%s'", f->path, name);
    *dataset = H5Dopen2(f->file, name, H5P_DEFAULT);
    if (*dataset < 0)
        return status_fail(STATUS_DATA, "%s: %s: cannot be opened: %s", f->path, name, h5_cause());
    enum status status = h5_read_check(f, *dataset, name, info);
    if (status == STATUS_OK) status = h5_read_reopen(f, name, dataset, info);
    if (status == STATUS_OK) h5_read_need(f, f->memory + h5_read_memory_of(info));
    if (status != STATUS_OK && *dataset >= 0) H5Dclose(*dataset);
    return status;
}

void h5_read_close(struct h5_file *f, hid_t dataset, const struct h5_info *info)
{
    H5Dclose(dataset);
    h5_read_need(f, f->memory - h5_read_memory_of(info));
}

/* ---- reading ---- */

/* One reading: the rows of a dataset, and the box of elements that comes next. */
struct reading {
    const struct h5_file *file;
    const char *name;
    const struct h5_info *info;
    const struct h5_packing *packing; /* to be applied; NULL = numbers are wanted as stored */
    const struct h5_wanted *wanted;
    const struct h5_sink *sink;
    hid_t dataset, type, space;
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
    if (r->info->rank == 0)
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
    if (r->wanted->type != H5_TYPE_I64 || r->info->is_signed) return STATUS_OK;
    for (size_t i = 0; i < elements; i++)
        if (values[i] > INT64_MAX)
            return status_fail(
                STATUS_DATA, "%s: %s: row %" PRId64 " holds %" PRIu64 ", which is too large", r->file->path,
                r->name, r->info->rank ? (int64_t)(r->start[axis] + i / row_elements * r->stride[axis]) : 0,
                values[i]);
    return STATUS_OK;
}

static enum status h5_read_box(struct reading *r, size_t elements)
{
    hid_t memory = H5Screate_simple(r->info->rank, r->extent, NULL);
    bool done = memory >= 0 &&
                (r->info->rank == 0 ||
                 H5Sselect_hyperslab(r->space, H5S_SELECT_SET, r->start, r->stride, r->extent, NULL) >= 0) &&
                H5Dread(r->dataset, r->type, memory, r->space, H5P_DEFAULT, r->sink->room) >= 0;
    enum status status = STATUS_OK;
    if (!done)
        status = status_fail(STATUS_DATA, "%s: %s: cannot be read: %s", r->file->path, r->name, h5_cause());
    if (memory >= 0) H5Sclose(memory);
    hsize_t rows = r->info->rank ? r->extent[r->wanted->axis] : 0;
    return status == STATUS_OK ? h5_read_check_range(r, elements, rows ? elements / rows : 1) : status;
}

/* Hands on what is in the room. */
static enum status h5_read_hand_on(const struct reading *r, size_t bytes)
{
    if (r->packing) {
        size_t elements = bytes / sizeof(double);
        h5_packing_apply(r->packing, r->info, r->wanted->type, elements, r->sink->room);
        if (r->wanted->type == H5_TYPE_F32) bytes = elements * sizeof(float);
    }
    return r->sink->take(r->sink->self, bytes) ? STATUS_OK : STATUS_OTHER;
}

/* Bytes of one step along dimension k. */
static size_t h5_read_bytes_within(const struct reading *r, int k, size_t bytes)
{
    for (int i = k + 1; i < r->info->rank; i++)
        if (__builtin_mul_overflow(bytes, (size_t)r->extent[i], &bytes)) return SIZE_MAX;
    return bytes;
}

/* Reads the box of dimensions k and up, the lower ones being fixed, in pieces that fit the room. */
static enum status h5_read_from(struct reading *r, int k, size_t bytes)
{
    size_t inner = h5_read_bytes_within(r, k, bytes);
    if (k == r->info->rank) { /* a single value */
        TRY(h5_read_box(r, 1));
        return h5_read_hand_on(r, bytes);
    }
    hsize_t first = r->start[k], count = r->extent[k];
    size_t at_once = r->sink->size / inner;
    for (hsize_t at = 0, n; at < count; at += n) {
        n = at_once == 0 ? 1 : count - at < at_once ? count - at : at_once;
        r->start[k] = first + at * r->stride[k];
        r->extent[k] = n;
        if (at_once == 0) {
            TRY(h5_read_from(r, k + 1, bytes));
            continue;
        }
        TRY(h5_read_box(r, n * (inner / bytes)));
        TRY(h5_read_hand_on(r, n * inner));
    }
    r->start[k] = first;
    r->extent[k] = count;
    return STATUS_OK;
}

enum status h5_read_rows(const struct h5_file *f, const struct h5_described *d,
                         const struct h5_wanted *wanted, const struct h5_sink *sink)
{
    const struct h5_info *info = d->info;
    bool real = wanted->type == H5_TYPE_F32 || wanted->type == H5_TYPE_F64;
    struct reading r = {.file = f,
                        .name = d->name,
                        .info = info,
                        .packing = real && !h5_is_plain(d->packing) ? d->packing : NULL,
                        .wanted = wanted,
                        .sink = sink,
                        .dataset = d->dataset,
                        .space = H5I_INVALID_HID};
    bool wide = wanted->type == H5_TYPE_I64 && !info->is_signed && info->bytes == 8;
    TRY(h5_read_check_type(&r));
    TRY(h5_read_check_rows(&r));
    if (info->elements == 0 || (wanted->first >= 0 && wanted->count == 0)) return STATUS_OK;
    for (int i = 0; i < info->rank; i++) r.extent[i] = (hsize_t)info->dims[i], r.stride[i] = 1;
    if (wanted->first >= 0) {
        r.start[wanted->axis] = (hsize_t)wanted->first;
        r.stride[wanted->axis] = (hsize_t)wanted->step;
        r.extent[wanted->axis] = (hsize_t)wanted->count;
    }
    r.type = wide ? H5T_NATIVE_UINT64 : r.packing ? H5T_NATIVE_DOUBLE : h5_native(wanted->type);
    r.space = H5Dget_space(d->dataset);
    if (r.space < 0)
        return status_fail(STATUS_DATA, "%s: %s: cannot be read: %s", f->path, d->name, h5_cause());
    bool narrow = wanted->type == H5_TYPE_F32 && !r.packing;
    enum status status = h5_read_from(&r, 0, wanted->type == H5_TYPE_U8 ? 1 : narrow ? 4 : 8);
    H5Sclose(r.space);
    return status;
}
