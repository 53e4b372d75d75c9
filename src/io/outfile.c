/* outfile.c - a file that appears when it is complete. */
#include "io/outfile.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4200

static enum status outfile_fail(const char *path)
{
    return status_fail(STATUS_OTHER, "%s: cannot be written: %s", path, strerror(errno));
}

/* Writes the name under which the file is written. Returns true, and the path itself, if that is a device, a
 * pipe or a link. */
static bool outfile_is_direct(const char *path, char name[PATH_SIZE])
{
    struct stat facts;
    bool direct = lstat(path, &facts) == 0 && !S_ISREG(facts.st_mode);
    if (direct || snprintf(name, PATH_SIZE, "%s" OUTFILE_MARK "%ld", path, (long)getpid()) >= PATH_SIZE) {
        snprintf(name, PATH_SIZE, "%s", path);
        return true;
    }
    return false;
}

enum status outfile_open(FILE **out, const char *path)
{
    char name[PATH_SIZE];
    outfile_is_direct(path, name);
    *out = fopen(name, "w");
    return *out ? STATUS_OK : outfile_fail(path);
}

enum status outfile_close(FILE *out, const char *path)
{
    char name[PATH_SIZE];
    bool direct = outfile_is_direct(path, name);
    bool broken = fflush(out) != 0 || ferror(out) != 0 || (!direct && fsync(fileno(out)) != 0);
    int cause = errno;
    if (fclose(out) != 0 && !broken) {
        broken = true;
        cause = errno;
    }
    if (!broken && (direct || rename(name, path) == 0)) return STATUS_OK;
    if (!broken) cause = errno;
    if (!direct) unlink(name);
    errno = cause;
    return outfile_fail(path);
}

void outfile_discard(FILE *out, const char *path)
{
    char name[PATH_SIZE];
    bool direct = outfile_is_direct(path, name);
    fclose(out);
    if (!direct) unlink(name);
}
