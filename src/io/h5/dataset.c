/* dataset.c - opens datasets for reading; runs in the child. */
#include <stdio.h>

#include "io/h5/private.h"

#define CACHE_MIN_BYTES (1 << 20)
#define CACHE_MAX_BYTES (64 << 20)

/* Bytes of all chunks that one chunk's rows touch: with less, reading row by row decompresses chunks
 * again. */
static size_t h5_dataset_cache_bytes(const struct h5_info *info)
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
static size_t h5_dataset_memory(const struct h5_info *info)
{
    if (!info->is_chunked) return 0;
    size_t chunk = (size_t)info->bytes;
    for (int i = 0; i < info->rank; i++) chunk *= (size_t)info->chunk[i]; /* h5_policy_sizes has checked it */
    return 4 * chunk + CACHE_MAX_BYTES;
}

static enum status h5_dataset_check(const struct h5_file *f, hid_t id, const char *name, struct h5_info *info)
{
    TRY(h5_describe(f, id, name, info));
    TRY(h5_policy_filters(f, name, info));
    TRY(h5_policy_sizes(f, id, name, info));
    return h5_check_sources(f, id, name);
}

/* A chunked dataset is opened again, with a cache that fits its chunks. */
static enum status h5_dataset_reopen(struct h5_file *f, const char *name, struct h5_dataset *d)
{
    if (!d->info.is_chunked) return STATUS_OK;
    H5Dclose(d->id);
    hid_t list = H5Pcreate(H5P_DATASET_ACCESS);
    H5Pset_chunk_cache(list, 8191, h5_dataset_cache_bytes(&d->info),
                       1.0); /* a prime number of slots; drop read chunks first */
    d->id = H5Dopen2(f->file, name, list);
    enum status status = STATUS_OK;
    if (d->id < 0)
        status = status_fail(STATUS_DATA, "%s: %s: cannot be opened: %s", f->path, name, h5_cause());
    H5Pclose(list);
    return status;
}

static void h5_dataset_need(struct h5_file *f, size_t memory)
{
    f->memory = memory;
    if (f->guard) guard_allow(f->guard, GUARD_MEMORY + f->memory);
}

static enum status h5_dataset_prepare(struct h5_file *f, const char *name, struct h5_dataset *d)
{
    TRY(h5_dataset_check(f, d->id, name, &d->info));
    TRY(h5_dataset_reopen(f, name, d));
    d->rank = d->info.rank;
    d->row_elements = 1;
    d->memory = h5_dataset_memory(&d->info);
    if (*d->column) TRY(h5_column_describe(f, d->id, name, d->column, &d->info));
    for (int i = d->rank; i < d->info.rank; i++) d->row_elements *= d->info.dims[i];
    h5_dataset_need(f, f->memory + d->memory);
    return STATUS_OK;
}

enum status h5_dataset_find(struct h5_file *f, const char *name, struct h5_dataset *d, bool *found)
{
    enum h5_object what;
    char table[H5_PATH_SIZE];
    *d = (struct h5_dataset){.id = H5I_INVALID_HID};
    TRY(h5_file_open_object(f, name, &d->id, &what));
    if (what == H5_OBJECT_NONE && d->id < 0 && h5_column_find(f, name, table, d->column)) {
        what = H5_OBJECT_DATASET;
        name = table;
        d->id = H5Dopen2(f->file, name, H5P_DEFAULT);
        if (d->id < 0)
            return status_fail(STATUS_DATA, "%s: %s: cannot be opened: %s", f->path, name, h5_cause());
    }
    *found = what == H5_OBJECT_DATASET;
    enum status status = *found ? h5_dataset_prepare(f, name, d) : STATUS_OK;
    if ((status != STATUS_OK || !*found) && d->id >= 0) H5Oclose(d->id);
    return status;
}

enum status h5_dataset_open(struct h5_file *f, const char *name, struct h5_dataset *d)
{
    bool found;
    TRY(h5_dataset_find(f, name, d, &found));
    return found ? STATUS_OK : status_fail(STATUS_DATA, "%s: no dataset '%s'", f->path, name);
}

void h5_dataset_close(struct h5_file *f, const struct h5_dataset *d)
{
    H5Dclose(d->id);
    h5_dataset_need(f, f->memory - d->memory);
}
