#include "core/system/filestate.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

static char folder[] = "/tmp/ddp_test_filestate.XXXXXX";
static char path[64], other[64];

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    CHECK(file && fputs(text, file) >= 0);
    CHECK(fclose(file) == 0);
}

static void expect(const struct filestate *f, const char *words)
{
    CHECK_STATUS(filestate_check(f, path), STATUS_DATA);
    CHECK(strstr(status_text(), path) && strstr(status_text(), words));
}

static void test_refusals(void)
{
    struct filestate f;
    CHECK_STATUS(filestate_take(&f, path), STATUS_DATA);
    CHECK(says("/file: no such file; check the path"));
    CHECK_STATUS(filestate_take(&f, folder), STATUS_DATA);
    CHECK(says("is a folder, not a regular file"));
    CHECK_STATUS(filestate_take(&f, "/dev/zero"), STATUS_DATA);
    CHECK(says("/dev/zero: is a device or a pipe, not a regular file"));
}

static void test_changes(void)
{
    struct filestate f;
    write_file(path, "0123456789");
    CHECK_STATUS(filestate_take(&f, path), STATUS_OK);
    CHECK_STATUS(filestate_check(&f, path), STATUS_OK);
    FILE *reader = fopen(path, "r"); /* reading and renaming to and fro change nothing */
    CHECK(reader && fgetc(reader) == '0' && fclose(reader) == 0);
    CHECK(chmod(path, 0400) == 0 && rename(path, other) == 0);
    expect(&f, "cannot be found any longer");
    CHECK(rename(other, path) == 0 && chmod(path, 0600) == 0);
    CHECK_STATUS(filestate_check(&f, path), STATUS_OK);

    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, f.facts.st_mtim};
    times[1].tv_nsec = (times[1].tv_nsec + 1) % 1000000000;
    CHECK(utimensat(AT_FDCWD, path, times, 0) == 0);
    expect(&f, "was written to");
    CHECK(truncate(path, 7) == 0);
    expect(&f, "has shrunk during the run, from 10 to 7 bytes");
    CHECK(truncate(path, 11) == 0);
    expect(&f, "has grown during the run, from 10 to 11 bytes");
    write_file(other, "0123456789");
    CHECK(rename(other, path) == 0);
    expect(&f, "is not the file that the run started with");
    CHECK(unlink(path) == 0);
    expect(&f, "cannot be found any longer");
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/file", folder);
    snprintf(other, sizeof other, "%s/other", folder);
    CHECK_CASE(test_refusals());
    CHECK_CASE(test_changes());
    CHECK(rmdir(folder) == 0);
    return check_result();
}
