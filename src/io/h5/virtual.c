/* virtual.c - checks the sources of virtual datasets, whose rows lie in other files.
 *
 * HDF5 reads the rows of a missing file as zeros without an error, so every source is looked for first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/h5/private.h"

#define PATH_SIZE 4096

/* HDF5 tries a name as it is, then beside the file that mentions it, there also an absolute one. */
static bool h5_virtual_find_file(const char *path, const char *name, char found[PATH_SIZE])
{
    const char *slash = strrchr(path, '/'), *last = strrchr(name, '/');
    int folder = slash ? (int)(slash - path) + 1 : 0;
    const char *beside = name[0] == '/' && last ? last + 1 : name;
    if (strcmp(name, ".") == 0) /* the file itself */
        return snprintf(found, PATH_SIZE, "%s", path) < PATH_SIZE;
    if (snprintf(found, PATH_SIZE, "%s", name) < PATH_SIZE && access(found, F_OK) == 0) return true;
    return snprintf(found, PATH_SIZE, "%.*s%s", folder, path, beside) < PATH_SIZE && access(found, F_OK) == 0;
}

static bool h5_virtual_holds_dataset(const char *path, const char *name)
{
    hid_t access_list = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_file_locking(access_list, 0, 1);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, access_list);
    hid_t dataset = file >= 0 ? H5Dopen2(file, name, H5P_DEFAULT) : H5I_INVALID_HID;
    bool found = dataset >= 0;
    if (found) H5Dclose(dataset);
    if (file >= 0) H5Fclose(file);
    H5Pclose(access_list);
    return found;
}

/* A name with a '%' stands for a series of files, whose length HDF5 finds out by itself. */
static enum status h5_virtual_check_source(const char *path, const char *name, const char *file,
                                           const char *dataset)
{
    char found[PATH_SIZE];
    if (strchr(file, '%') || strchr(dataset, '%')) return STATUS_OK;
    if (!h5_virtual_find_file(path, file, found))
        return status_fail(STATUS_DATA,
                           "%s: %s: is a virtual dataset, and its source %s is missing; restore it", path,
                           name, file);
    if (!h5_virtual_holds_dataset(found, dataset))
        return status_fail(STATUS_DATA, "%s: %s: is a virtual dataset, and its source %s holds no dataset %s",
                           path, name, file, dataset);
    return STATUS_OK;
}

enum status h5_check_sources(const struct h5_file *f, hid_t dataset, const char *name)
{
    if (getenv("HDF5_VDS_PREFIX")) return STATUS_OK; /* HDF5 looks in more places then */
    hid_t list = H5Dget_create_plist(dataset);
    size_t count = 0;
    if (H5Pget_layout(list) == H5D_VIRTUAL) H5Pget_virtual_count(list, &count);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        char file[PATH_SIZE], source[PATH_SIZE];
        if (H5Pget_virtual_filename(list, i, file, sizeof file) < 0 ||
            H5Pget_virtual_dsetname(list, i, source, sizeof source) < 0)
            status = status_fail(STATUS_DATA, "%s: %s: is damaged: %s", f->path, name, h5_cause());
        else
            status = h5_virtual_check_source(f->path, name, file, source);
    }
    H5Pclose(list);
    return status;
}
