#include "app/outfile.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static enum status failed(const char *path)
{
    return status_fail(STATUS_OTHER, "%s: cannot be written: %s", path, strerror(errno));
}

enum status outfile_open(FILE **out, const char *path)
{
    *out = fopen(path, "w");
    return *out ? STATUS_OK : failed(path);
}

enum status outfile_close(FILE *out, const char *path)
{
    bool broken = ferror(out) != 0;
    if (fclose(out) != 0 || broken) return failed(path);
    return STATUS_OK;
}
