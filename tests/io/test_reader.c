/* test_reader.c - failures of the child that reads a file.
 *
 * Functions of HDF5 are replaced: a dataset's name says what
 * becomes of the process that opens it. */
#include "check.h"

#define H5_USE_110_API
#include <hdf5.h>

#include <dlfcn.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io/h5/h5.h"
#include "core/mem.h"
#include "io/guard.h"

#define KILLED "deadly" /* as by a machine without memory */
#define BAD    "crashing"
#define BROKEN "unreadable"
#define SLOW   "slow"
#define PAUSE  0.22 /* seconds of processor time */

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
    return strcmp(name, BROKEN) == 0 ? -1 : real(place, name, list);
}

htri_t H5Aexists_by_name(hid_t place, const char *name, const char *attr, hid_t list)
{
    htri_t (*real)(hid_t, const char *, const char *, hid_t);
    *(void **)&real = dlsym(RTLD_NEXT, __func__);
    suffer(name);
    return strcmp(name, BROKEN) == 0 ? -1 : real(place, name, attr, list);
}

static struct h5 *open_with(const char *const *names)
{
    struct h5_writer *w;
    struct h5 *f;
    const float value = 1;
    CHECK_STATUS(h5_create(&w, path, true), STATUS_OK);
    for (; *names; names++) CHECK_STATUS(h5_write(w, *names, H5_TYPE_F32, 0, NULL, &value), STATUS_OK);
    CHECK_STATUS(h5_commit(&w), STATUS_OK);
    CHECK_STATUS(h5_open(&f, path, false), STATUS_OK);
    return f;
}

static bool says_text(const char *part)
{
    return strncmp(status_text(), path, strlen(path)) == 0 && says(part);
}

/* The caller does not learn whether it exists, and it is not the file's fault. */
static void test_killed(void)
{
    static const char *const names[] = {"a", KILLED, NULL};
    enum h5_object what;
    bool has;
    struct h5 *f = open_with(names);
    CHECK_STATUS(h5_find(f, "a", &what), STATUS_OK);
    CHECK(what == H5_OBJECT_DATASET);
    CHECK_STATUS(h5_find(f, KILLED, &what), STATUS_OTHER);
    CHECK(says_text("was killed"));
    CHECK_STATUS(h5_find(f, "a", &what), STATUS_OTHER);
    h5_close(&f);

    f = open_with(names);
    CHECK_STATUS(h5_has_attr(f, "a", "layout", &has), STATUS_OK);
    CHECK(!has);
    CHECK_STATUS(h5_has_attr(f, KILLED, "layout", &has), STATUS_OTHER);
    CHECK(says_text("was killed"));
    h5_close(&f);

    f = open_with(names);
    CHECK_STATUS(h5_has_attr(f, "a", "layout", &has), STATUS_OK);
    CHECK_STATUS(h5_find(f, "nowhere", &what), STATUS_OK);
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
    CHECK_STATUS(h5_open(&f, path, false), STATUS_OK);
    CHECK_STATUS(h5_find(f, "soft", &what), STATUS_DATA);
    CHECK(says_text("soft is a soft link, which is not followed"));
    CHECK_STATUS(h5_has_attr(f, "soft", "layout", &has), STATUS_DATA);
    CHECK(says_text("soft is a soft link, which is not followed"));
    CHECK_STATUS(h5_find(f, "a", &what), STATUS_OK); /* it is still there for other questions */
    CHECK(what == H5_OBJECT_DATASET);
    h5_close(&f);
}

/* What is there and cannot be opened is not missing. */
static void test_broken(void)
{
    struct h5 *f = open_with((const char *const[]){"a", BROKEN, NULL});
    enum h5_object what;
    bool has;
    CHECK_STATUS(h5_find(f, BROKEN, &what), STATUS_DATA);
    CHECK(says_text("unreadable: cannot be opened"));
    CHECK_STATUS(h5_has_attr(f, BROKEN, "layout", &has), STATUS_DATA);
    CHECK(says_text("unreadable: is damaged"));
    CHECK_STATUS(h5_find(f, "a", &what), STATUS_OK);
    h5_close(&f);
}

static void count(void *self, const char *name, const struct h5_info *info)
{
    int *datasets = self;
    CHECK(info && strcmp(name, BAD) != 0);
    ++*datasets;
}

/* Objects that are asked for one by one share the limit of a file too, unless each gives its time back. On a busy machine
 * it may be that of wall time. */
static void test_given_time(void)
{
    struct h5_info info;
    int asked = 0;
    guard_set_seconds(1);
    struct h5 *f = open_with((const char *const[]){SLOW, NULL});
    for (; asked < 8; asked++) {
        for (int i = 0; i < 100; i++) h5_give_time(f); /* of 10 ms each: far more than one question takes */
        CHECK_STATUS(h5_describe_data(f, SLOW, &info), STATUS_OK);
    }
    for (asked = 0; asked < 8 && h5_describe_data(f, SLOW, &info) == STATUS_OK; asked++) h5_give_time(f);
    CHECK(asked <= 5 && says_text("raise data.time_limit"));
    h5_close(&f);
    guard_set_seconds(GUARD_SECONDS);
}

static void end_of_visit(const char *const *names, enum status expected, const char *part, int seen)
{
    int datasets = 0;
    struct h5 *f = open_with(names);
    CHECK_STATUS(h5_visit(f, "/", count, &datasets), expected);
    CHECK((expected == STATUS_OK || says_text(part)) && datasets == seen);
    h5_close(&f);
}

/* A visit ends with the child; and many answers, none of which takes long, may take no longer than one. */
static void test_visit(void)
{
    end_of_visit((const char *const[]){"a", BAD, "later", "much_later", NULL}, STATUS_DATA, "crash", 1);
    end_of_visit((const char *const[]){"a", KILLED, "later", NULL}, STATUS_OTHER, "was killed", 1);
    guard_set_seconds(1);
    end_of_visit((const char *const[]){"slow0", "slow1", "slow2", NULL}, STATUS_OK, "", 3);
    end_of_visit((const char *const[]){"slow0", "slow1", "slow2", "slow3", "slow4", "slow5", "slow6", NULL},
                 STATUS_DATA, "busy for more than 1 s", 4);
    guard_set_seconds(GUARD_SECONDS);
}

/* Six groups, one in another, each linked ten times: a file of a few KB with a million paths. It says of
 * each that it has one link, or HDF5 would see that it was there before. */
static void test_paths(void)
{
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), groups[6], above = file;
    for (int depth = 0; depth < 6; depth++) {
        char name[2] = "0";
        groups[depth] = H5Gcreate2(above, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        for (name[0] = '1'; name[0] <= '9'; name[0]++) {
            CHECK(H5Lcreate_hard(above, "0", above, name, H5P_DEFAULT, H5P_DEFAULT) >= 0);
            CHECK(H5Odecr_refcount(groups[depth]) >= 0);
        }
        above = groups[depth];
    }
    for (int depth = 0; depth < 6; depth++) H5Gclose(groups[depth]);
    CHECK(H5Fclose(file) >= 0);
    int datasets = 0;
    struct h5 *f;
    CHECK_STATUS(h5_open(&f, path, false), STATUS_OK);
    CHECK_STATUS(h5_visit(f, "/0/0", count, &datasets), STATUS_OK); /* 11111 paths */
    CHECK_STATUS(h5_visit(f, "/", count, &datasets), STATUS_DATA);
    CHECK(says_text("holds more than 100000 objects") && datasets == 0);
    h5_close(&f);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    snprintf(path, sizeof path, "/tmp/test_reader.%d", (int)getpid());
    CHECK_CASE(test_killed());
    CHECK_CASE(test_refused());
    CHECK_CASE(test_broken());
    CHECK_CASE(test_given_time());
    CHECK_CASE(test_visit());
    CHECK_CASE(test_paths());
    unlink(path);
    CHECK(mem_alive() == 0);
    return check_result();
}
