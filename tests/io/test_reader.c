/* The child that reads a file, in trouble in the middle of it. Functions of HDF5 are replaced: a dataset's name says what
 * becomes of whoever opens it. */
#include "check.h"

#define H5_USE_110_API
#include <hdf5.h>

#include <dlfcn.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ddp/h5.h"
#include "ddp/mem.h"
#include "io/guard.h"

#define KILLED "deadly" /* as by a machine without memory */
#define BAD    "crashing"
#define SLOW   "slow"
#define PAUSE  0.2 /* seconds of processor time */

static char path[64];

static void suffer(const char *name)
{
    const char *slash = strrchr(name, '/');
    if (slash) name = slash + 1;
    if (strcmp(name, KILLED) == 0) raise(SIGKILL);
    if (strcmp(name, BAD) == 0) raise(SIGSEGV);
    if (strncmp(name, SLOW, strlen(SLOW)) == 0)
        for (clock_t end = clock() + (clock_t)(PAUSE * CLOCKS_PER_SEC); clock() < end;) continue;
}

hid_t H5Oopen(hid_t place, const char *name, hid_t list)
{
    hid_t (*real)(hid_t, const char *, hid_t);
    *(void **)&real = dlsym(RTLD_NEXT, __func__);
    suffer(name);
    return real(place, name, list);
}

htri_t H5Aexists_by_name(hid_t place, const char *name, const char *attr, hid_t list)
{
    htri_t (*real)(hid_t, const char *, const char *, hid_t);
    *(void **)&real = dlsym(RTLD_NEXT, __func__);
    suffer(name);
    return real(place, name, attr, list);
}

static struct h5 *open_with(const char *const *names)
{
    struct h5_writer *w;
    struct h5 *f;
    const float value = 1;
    CHECK_STATUS(h5_create(&w, path, true), STATUS_OK);
    for (; *names; names++) CHECK_STATUS(h5_write(w, *names, H5_TYPE_F32, 0, NULL, &value), STATUS_OK);
    CHECK_STATUS(h5_commit(&w), STATUS_OK);
    CHECK_STATUS(h5_open(&f, path), STATUS_OK);
    return f;
}

static bool tells(const char *part)
{
    return strncmp(status_text(), path, strlen(path)) == 0 && says(part);
}

/* Nobody learns whether there is such a thing, and it is not the file's fault. */
static void test_killed(void)
{
    static const char *const names[] = {"a", KILLED, NULL};
    enum h5_object what;
    bool has;
    struct h5 *f = open_with(names);
    CHECK_STATUS(h5_what(f, "a", &what), STATUS_OK);
    CHECK(what == H5_OBJECT_DATASET);
    CHECK_STATUS(h5_what(f, KILLED, &what), STATUS_OTHER);
    CHECK(tells("was killed"));
    CHECK_STATUS(h5_what(f, "a", &what), STATUS_OTHER);
    h5_close(&f);

    f = open_with(names);
    CHECK_STATUS(h5_has_attr(f, "a", "layout", &has), STATUS_OK);
    CHECK(!has);
    CHECK_STATUS(h5_has_attr(f, KILLED, "layout", &has), STATUS_OTHER);
    CHECK(tells("was killed"));
    h5_close(&f);

    f = open_with(names);
    CHECK_STATUS(h5_has_attr(f, "a", "layout", &has), STATUS_OK);
    CHECK_STATUS(h5_what(f, "nowhere", &what), STATUS_OK);
    CHECK(what == H5_OBJECT_NONE);
    h5_close(&f);
}

/* A link that may not be followed is bad data, and no missing dataset. */
static void test_refused(void)
{
    struct h5 *f = open_with((const char *const[]){"a", NULL});
    h5_close(&f);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    CHECK(H5Lcreate_soft("/a", file, "soft", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    H5Fclose(file);
    enum h5_object what;
    bool has;
    CHECK_STATUS(h5_open(&f, path), STATUS_OK);
    CHECK_STATUS(h5_what(f, "soft", &what), STATUS_DATA);
    CHECK(tells("soft is a soft link, which is not followed"));
    CHECK_STATUS(h5_has_attr(f, "soft", "layout", &has), STATUS_DATA);
    CHECK(tells("soft is a soft link, which is not followed"));
    CHECK_STATUS(h5_what(f, "a", &what), STATUS_OK); /* it is still there for other questions */
    CHECK(what == H5_OBJECT_DATASET);
    h5_close(&f);
}

int main(void)
{
    snprintf(path, sizeof path, "/tmp/test_reader.%d", (int)getpid());
    test_killed();
    test_refused();
    unlink(path);
    CHECK(mem_alive() == 0);
    return check_result();
}
