/* write.c - writes HDF5 files under a temporary name. */
#include "io/h5/h5.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/mem.h"
#include "io/h5/private.h"

#define WRITE_MAX_RANK 5
#define SPACE_CHECKED  ((hsize_t)64 << 20) /* smaller datasets are just written */

struct h5_writer {
    hid_t file;
    char *path;
    char *temporary;
    char *label;                /* of the seal; NULL = none */
    char problem[H5_TEXT_SIZE]; /* why closing a dataset failed, which writes its last chunks; or "" */
};

struct h5_rows {
    struct h5_writer *writer;
    char *name;
    hid_t dataset;
    hid_t type;
    int rank;
    hsize_t dims[WRITE_MAX_RANK];
    hsize_t written; /* rows */
};

static enum status h5_write_failed(const struct h5_writer *w, const char *name)
{
    return status_fail(STATUS_OTHER, "%s: %s: cannot be written: %s", w->path, name, h5_cause());
}

/* Closing has no status of its own: what goes wrong is kept for the commit. */
static void h5_write_close_dataset(struct h5_writer *w, hid_t dataset)
{
    if (dataset >= 0 && H5Dclose(dataset) < 0) snprintf(w->problem, sizeof w->problem, "%s", h5_cause());
}

static enum status h5_write_create_file(struct h5_writer *w, const char *path)
{
    TRY(mem_copy_text(&w->path, path));
    size_t size = strlen(path) + 32;
    TRY(mem_alloc(&w->temporary, size, 1, "file name"));
    snprintf(w->temporary, size, "%s.tmp.%ld", path, (long)getpid());
    h5_start();
    hid_t access_list = H5Pcreate(H5P_FILE_ACCESS), creation_list = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_file_locking(access_list, 0, 1);
    if (w->label) H5Pset_userblock(creation_list, H5_SEAL_BYTES);
    w->file = H5Fcreate(w->temporary, H5F_ACC_TRUNC, creation_list, access_list);
    enum status status = STATUS_OK;
    if (w->file < 0) status = status_fail(STATUS_OTHER, "%s: cannot be created: %s", path, h5_cause());
    H5Pclose(access_list);
    H5Pclose(creation_list);
    return status;
}

/* The new file takes the name away from whatever has it, be it a device. */
static enum status h5_write_check_target(const char *path, bool overwrite)
{
    struct stat facts;
    if (stat(path, &facts) != 0) return STATUS_OK;
    if (!overwrite)
        return status_fail(STATUS_CONFIG, "%s: exists already; choose another name, or --force to replace it",
                           path);
    if (!S_ISREG(facts.st_mode))
        return status_fail(STATUS_CONFIG, "%s: is no regular file and is not replaced", path);
    return STATUS_OK;
}

static enum status h5_write_create(struct h5_writer **out, const char *path, bool overwrite,
                                   const char *label)
{
    *out = NULL;
    TRY(h5_write_check_target(path, overwrite));
    struct h5_writer *w = NULL;
    TRY(mem_alloc(&w, 1, sizeof *w, "HDF5 writer"));
    w->file = H5I_INVALID_HID;
    enum status status = label ? mem_copy_text(&w->label, label) : STATUS_OK;
    if (status == STATUS_OK) status = h5_write_create_file(w, path);
    if (status != STATUS_OK) {
        h5_discard(&w);
        return status;
    }
    *out = w;
    return STATUS_OK;
}

enum status h5_create(struct h5_writer **out, const char *path, bool overwrite)
{
    return h5_write_create(out, path, overwrite, NULL);
}

enum status h5_create_sealed(struct h5_writer **out, const char *path, const char *label)
{
    return h5_write_create(out, path, true, label);
}

void h5_discard(struct h5_writer **w)
{
    if (!*w) return;
    if ((*w)->file >= 0) H5Fclose((*w)->file);
    if ((*w)->temporary) unlink((*w)->temporary);
    mem_free(&(*w)->path);
    mem_free(&(*w)->temporary);
    mem_free(&(*w)->label);
    mem_free(w);
}

/* Brings a file or a folder to the disk. */
static int h5_write_sync_path(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return -1;
    int result = fsync(descriptor);
    close(descriptor);
    return result;
}

static enum status h5_write_finish(struct h5_writer *w)
{
    hid_t file = w->file;
    w->file = H5I_INVALID_HID;
    assert(H5Fget_obj_count(file, H5F_OBJ_DATASET) == 0); /* rows are closed before the commit */
    if (H5Fflush(file, H5F_SCOPE_GLOBAL) < 0) snprintf(w->problem, sizeof w->problem, "%s", h5_cause());
    if (H5Fclose(file) < 0 && !w->problem[0]) snprintf(w->problem, sizeof w->problem, "%s", h5_cause());
    if (w->problem[0]) return status_fail(STATUS_OTHER, "%s: cannot be written: %s", w->path, w->problem);
    if (w->label) TRY(h5_seal(w->temporary, w->path, w->label));
    char *folder = NULL;
    TRY(mem_copy_text(&folder, w->path));
    bool done = h5_write_sync_path(w->temporary) == 0 && rename(w->temporary, w->path) == 0;
    int code = errno;
    if (done) h5_write_sync_path(dirname(folder)); /* best effort: some file systems cannot sync a folder */
    mem_free(&folder);
    if (!done) return status_fail(STATUS_OTHER, "%s: cannot be written: %s", w->path, strerror(code));
    mem_free(&w->temporary); /* it is the file now: nothing to remove */
    return STATUS_OK;
}

enum status h5_commit(struct h5_writer **w)
{
    enum status status = h5_write_finish(*w);
    h5_discard(w);
    return status;
}

enum status h5_write_group(struct h5_writer *w, const char *name)
{
    hid_t group = H5Gopen2(w->file, name, H5P_DEFAULT);
    if (group < 0) {
        hid_t links = H5Pcreate(H5P_LINK_CREATE);
        H5Pset_create_intermediate_group(links, 1);
        group = H5Gcreate2(w->file, name, links, H5P_DEFAULT, H5P_DEFAULT);
        enum status status = group < 0 ? h5_write_failed(w, name) : STATUS_OK;
        H5Pclose(links);
        TRY(status);
    }
    H5Gclose(group);
    return STATUS_OK;
}

/* No time stamps: the same data give the same file. */
static enum status h5_write_create_dataset(struct h5_writer *w, const char *name, hid_t type, hid_t space,
                                           hid_t list, hid_t *dataset)
{
    hid_t links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    H5Pset_obj_track_times(list, 0);
    *dataset = H5Dcreate2(w->file, name, type, space, links, list, H5P_DEFAULT);
    enum status status = *dataset < 0 ? h5_write_failed(w, name) : STATUS_OK;
    H5Pclose(links);
    H5Pclose(list);
    return status;
}

/* A short text can stand for many rows of zeros: rather nothing is written than a disk filled. */
static enum status h5_write_check_space(const struct h5_rows *r)
{
    struct statvfs disk;
    hsize_t bytes = H5Tget_size(r->type);
    bool fits = true;
    for (int i = 0; fits && i < r->rank; i++) fits = !__builtin_mul_overflow(bytes, r->dims[i], &bytes);
    if (fits && bytes < SPACE_CHECKED) return STATUS_OK;
    if (statvfs(r->writer->temporary, &disk) != 0 || disk.f_blocks == 0) return STATUS_OK; /* it will show */
    hsize_t room = (hsize_t)disk.f_bavail * disk.f_frsize;
    if (fits && bytes <= room) return STATUS_OK;
    return status_fail(
        STATUS_OTHER, "%s: %s: cannot be written: needs %s%llu MB, and the disk has %llu MB left",
        r->writer->path, r->name, fits ? "" : "more than ",
        (unsigned long long)((fits ? bytes : UINT64_MAX) >> 20), (unsigned long long)(room >> 20));
}

static enum status h5_write_open_rows(struct h5_rows *r, const char *name, const int64_t *dims,
                                      int64_t chunk_rows, int gzip)
{
    hsize_t chunk[WRITE_MAX_RANK];
    TRY(mem_copy_text(&r->name, name));
    for (int i = 0; i < r->rank; i++) {
        assert(dims[i] >= 0);
        chunk[i] = r->dims[i] = (hsize_t)dims[i];
    }
    if (r->rank > 0 && chunk[0] > (hsize_t)chunk_rows) chunk[0] = (hsize_t)chunk_rows;
    if (gzip == 0) TRY(h5_write_check_space(r));
    bool chunked = chunk_rows > 0;
    for (int i = 0; i < r->rank; i++) chunked = chunked && chunk[i] > 0;
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    if (chunked) H5Pset_chunk(list, r->rank, chunk);
    if (chunked && gzip) H5Pset_deflate(list, (unsigned)gzip);
    hid_t space = r->rank ? H5Screate_simple(r->rank, r->dims, NULL) : H5Screate(H5S_SCALAR);
    enum status status = h5_write_create_dataset(r->writer, name, r->type, space, list, &r->dataset);
    H5Sclose(space);
    return status;
}

enum status h5_rows_create(struct h5_rows **out, struct h5_writer *w, const char *name, enum h5_type type,
                           int rank, const int64_t *dims, int64_t chunk_rows, int gzip)
{
    assert(rank >= 0 && rank <= WRITE_MAX_RANK && (gzip == 0 || chunk_rows > 0));
    *out = NULL;
    struct h5_rows *r = NULL;
    TRY(mem_alloc(&r, 1, sizeof *r, "HDF5 dataset"));
    r->writer = w;
    r->dataset = H5I_INVALID_HID;
    r->type = h5_native(type);
    r->rank = rank;
    enum status status = h5_write_open_rows(r, name, dims, chunk_rows, gzip);
    if (status != STATUS_OK) {
        h5_rows_close(&r);
        return status;
    }
    *out = r;
    return STATUS_OK;
}

enum status h5_rows_write(struct h5_rows *r, int64_t count, const void *data)
{
    assert(r->rank > 0 && count >= 0 && (hsize_t)count <= r->dims[0] - r->written);
    hsize_t start[WRITE_MAX_RANK] = {r->written}, extent[WRITE_MAX_RANK];
    memcpy(extent, r->dims, sizeof extent);
    extent[0] = (hsize_t)count;
    hid_t file = H5Dget_space(r->dataset), memory = H5Screate_simple(r->rank, extent, NULL);
    H5Sselect_hyperslab(file, H5S_SELECT_SET, start, NULL, extent, NULL);
    enum status status = STATUS_OK;
    if (H5Dwrite(r->dataset, r->type, memory, file, H5P_DEFAULT, data) < 0)
        status = h5_write_failed(r->writer, r->name);
    H5Sclose(file);
    H5Sclose(memory);
    r->written += (hsize_t)count;
    return status;
}

void h5_rows_close(struct h5_rows **r)
{
    if (!*r) return;
    h5_write_close_dataset((*r)->writer, (*r)->dataset);
    mem_free(&(*r)->name);
    mem_free(r);
}

enum status h5_write(struct h5_writer *w, const char *name, enum h5_type type, int rank, const int64_t *dims,
                     const void *data)
{
    struct h5_rows *r = NULL;
    TRY(h5_rows_create(&r, w, name, type, rank, dims, 0, 0));
    enum status status = STATUS_OK;
    if (H5Dwrite(r->dataset, r->type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
        status = h5_write_failed(w, name);
    h5_rows_close(&r);
    return status;
}

/* UTF-8 of variable length, which h5py reads as str. */
static hid_t h5_write_text_type(void)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

static enum status h5_write_text_list(struct h5_writer *w, const char *name, hid_t space,
                                      const char *const *texts)
{
    hid_t type = h5_write_text_type();
    hid_t dataset;
    enum status status =
        h5_write_create_dataset(w, name, type, space, H5Pcreate(H5P_DATASET_CREATE), &dataset);
    if (status == STATUS_OK && H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts) < 0)
        status = h5_write_failed(w, name);
    h5_write_close_dataset(w, dataset);
    H5Sclose(space);
    H5Tclose(type);
    return status;
}

enum status h5_write_text(struct h5_writer *w, const char *name, const char *text)
{
    return h5_write_text_list(w, name, H5Screate(H5S_SCALAR), &text);
}

enum status h5_write_texts(struct h5_writer *w, const char *name, const char *const *texts, int64_t count)
{
    return h5_write_text_list(w, name, H5Screate_simple(1, (hsize_t[]){(hsize_t)count}, NULL), texts);
}

static enum status h5_write_attr(struct h5_writer *w, const char *object, const char *attr, hid_t type,
                                 hid_t space, const void *data)
{
    hid_t id = H5Acreate_by_name(w->file, object, attr, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    enum status status = STATUS_OK;
    if (id < 0 || H5Awrite(id, type, data) < 0) status = h5_write_failed(w, attr);
    if (id >= 0) H5Aclose(id);
    H5Sclose(space);
    return status;
}

enum status h5_write_attr_texts(struct h5_writer *w, const char *object, const char *attr,
                                const char *const *texts, int64_t count)
{
    hsize_t dims[1] = {(hsize_t)count};
    hid_t type = h5_write_text_type();
    enum status status = h5_write_attr(w, object, attr, type, H5Screate_simple(1, dims, NULL), texts);
    H5Tclose(type);
    return status;
}

enum status h5_write_attr_text(struct h5_writer *w, const char *object, const char *attr, const char *text)
{
    hid_t type = h5_write_text_type();
    enum status status = h5_write_attr(w, object, attr, type, H5Screate(H5S_SCALAR), &text);
    H5Tclose(type);
    return status;
}

enum status h5_write_attr_int64(struct h5_writer *w, const char *object, const char *attr, int64_t value)
{
    return h5_write_attr(w, object, attr, H5T_NATIVE_INT64, H5Screate(H5S_SCALAR), &value);
}

enum status h5_write_attr_uint64(struct h5_writer *w, const char *object, const char *attr, uint64_t value)
{
    return h5_write_attr(w, object, attr, H5T_NATIVE_UINT64, H5Screate(H5S_SCALAR), &value);
}

enum status h5_write_attr_double(struct h5_writer *w, const char *object, const char *attr, double value)
{
    return h5_write_attr(w, object, attr, H5T_NATIVE_DOUBLE, H5Screate(H5S_SCALAR), &value);
}
