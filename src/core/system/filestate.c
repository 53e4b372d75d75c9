/* filestate.c - whether a file is still the same. */
#include "core/system/filestate.h"

#include <errno.h>
#include <string.h>

#define REMEDY "do not change data while a run uses them"

enum status filestate_take(struct filestate *f, const char *path)
{
    if (stat(path, &f->facts) != 0)
        return status_fail(STATUS_DATA, "%s: %s; check the path", path,
                           errno == ENOENT ? "no such file" : strerror(errno));
    if (S_ISREG(f->facts.st_mode)) return STATUS_OK;
    return status_fail(STATUS_DATA, "%s: is %s, not a regular file; check the path", path,
                       S_ISDIR(f->facts.st_mode) ? "a folder" : "a device or a pipe");
}

enum status filestate_check(const struct filestate *f, const char *path)
{
    const struct stat *was = &f->facts;
    struct stat is;
    if (stat(path, &is) != 0)
        return status_fail(STATUS_DATA, "%s: cannot be found any longer (%s); " REMEDY, path,
                           strerror(errno));
    if (is.st_dev != was->st_dev || is.st_ino != was->st_ino)
        return status_fail(STATUS_DATA, "%s: is not the file that the run started with; " REMEDY, path);
    if (is.st_size != was->st_size)
        return status_fail(STATUS_DATA, "%s: has %s during the run, from %lld to %lld bytes; " REMEDY, path,
                           is.st_size < was->st_size ? "shrunk" : "grown", (long long)was->st_size,
                           (long long)is.st_size);
    if (is.st_mtim.tv_sec != was->st_mtim.tv_sec || is.st_mtim.tv_nsec != was->st_mtim.tv_nsec)
        return status_fail(STATUS_DATA, "%s: was written to during the run; " REMEDY, path);
    return STATUS_OK;
}
