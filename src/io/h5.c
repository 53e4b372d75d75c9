#include "ddp/h5.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ddp/mem.h"
#include "io/h5_private.h"

void h5_start(void)
{
    static bool started;
    static _Thread_local bool silenced; /* HDF5 keeps its errors, and whether it prints them, per thread */
    /* Everything is closed here. HDF5's own cleaning up at exit would crash after a file that a full disk
     * broke. */
    if (!started) H5dont_atexit();
    if (!started) H5open();
    started = true;
    if (!silenced) H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    silenced = true;
}

/* Of a failed system call HDF5 tells a long story over two lines; its number says enough. */
static herr_t keep_innermost(unsigned n, const H5E_error2_t *error, void *text)
{
    int code;
    if (n > 0 || !error->desc) return 0;
    const char *number = strstr(error->desc, "errno = ");
    bool known = number && sscanf(number, "errno = %d", &code) == 1;
    snprintf(text, H5_TEXT_SIZE, "%s", known ? strerror(code) : error->desc);
    return 0;
}

const char *h5_cause(void)
{
    static _Thread_local char text[H5_TEXT_SIZE];
    snprintf(text, sizeof text, "unknown cause");
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, text);
    return text;
}

static enum status check_path(const char *path)
{
    struct stat facts;
    if (stat(path, &facts) != 0)
        return status_fail(STATUS_DATA, "%s: %s; check the path", path,
                           errno == ENOENT ? "no such file" : strerror(errno));
    if (S_ISDIR(facts.st_mode)) return status_fail(STATUS_DATA, "%s: is a folder, not an HDF5 file", path);
    if (access(path, R_OK) != 0)
        return status_fail(STATUS_DATA, "%s: cannot be read: %s", path, strerror(errno));
    if (facts.st_size == 0) return status_fail(STATUS_DATA, "%s: is empty, not an HDF5 file", path);
    return STATUS_OK;
}

static enum status open_file(const char *path, hid_t *file)
{
    TRY(check_path(path));
    h5_start();
    if (H5Fis_hdf5(path) <= 0)
        return status_fail(
            STATUS_DATA, "%s: is not an HDF5 file; 'ddp_train convert' makes one of IDX, CSV and ARFF", path);
    hid_t access_list = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_file_locking(access_list, 0, 1); /* locks fail on many network file systems */
    *file = H5Fopen(path, H5F_ACC_RDONLY, access_list);
    const char *cause = *file >= 0 ? "" : h5_cause(); /* before the next call wipes it out */
    H5Pclose(access_list);
    if (*file >= 0) return STATUS_OK;
    if (strstr(cause, "truncated"))
        return status_fail(STATUS_DATA, "%s: is truncated; copy or write it again", path);
    return status_fail(STATUS_DATA, "%s: is damaged: %s", path, cause);
}

enum status h5_open(struct h5 **out, const char *path)
{
    hid_t file = H5I_INVALID_HID;
    *out = NULL;
    TRY(open_file(path, &file));
    struct h5 *f = NULL;
    enum status status = mem_alloc(&f, 1, sizeof *f, "HDF5 file");
    if (status == STATUS_OK) status = mem_copy_text(&f->path, path);
    if (status != STATUS_OK) {
        mem_free(&f);
        H5Fclose(file);
        return status;
    }
    f->file = file;
    *out = f;
    return STATUS_OK;
}

void h5_close(struct h5 **f)
{
    if (!*f) return;
    H5Fclose((*f)->file);
    mem_free(&(*f)->path);
    mem_free(f);
}

enum h5_object h5_what(struct h5 *f, const char *name)
{
    hid_t id = H5Oopen(f->file, name, H5P_DEFAULT);
    if (id < 0) return H5_OBJECT_NONE;
    H5I_type_t type = H5Iget_type(id);
    H5Oclose(id);
    if (type == H5I_DATASET) return H5_OBJECT_DATASET;
    return type == H5I_GROUP ? H5_OBJECT_GROUP : H5_OBJECT_NONE;
}

bool h5_has_attr(struct h5 *f, const char *object, const char *attr)
{
    return H5Aexists_by_name(f->file, object, attr, H5P_DEFAULT) > 0;
}

struct visit {
    const char *path;
    void (*each)(void *self, const char *name, const struct h5_info *info);
    void *self;
};

static herr_t visit_object(hid_t group, const char *name, const H5O_info_t *object, void *pointer)
{
    struct visit *v = pointer;
    if (object->type != H5O_TYPE_DATASET) return 0;
    struct h5_info info;
    hid_t dataset = H5Dopen2(group, name, H5P_DEFAULT);
    enum status status;
    if (dataset < 0)
        status = status_fail(STATUS_DATA, "%s: %s: cannot be opened: %s", v->path, name, h5_cause());
    else
        status = h5_describe(dataset, v->path, name, &info);
    if (dataset >= 0) H5Dclose(dataset);
    v->each(v->self, name, status == STATUS_OK ? &info : NULL);
    return 0;
}

enum status h5_visit(struct h5 *f, const char *group,
                     void (*each)(void *self, const char *name, const struct h5_info *info), void *self)
{
    struct visit v = {f->path, each, self};
    hid_t id = H5Gopen2(f->file, group, H5P_DEFAULT);
    if (id < 0) return status_fail(STATUS_DATA, "%s: no group '%s'", f->path, group);
    herr_t result = H5Ovisit(id, H5_INDEX_NAME, H5_ITER_INC, visit_object, &v);
    enum status status = STATUS_OK;
    if (result < 0)
        status = status_fail(STATUS_DATA, "%s: group '%s' is damaged: %s", f->path, group, h5_cause());
    H5Gclose(id);
    return status;
}
