// label: slow
/* test_hostile.c - files made to harm.
 *
 * Whatever a file does to the HDF5 library, the caller gets a status and one line, and lives on.
 *
 * tests/io/hostile holds whole files (*.seed) of all layouts, and changed ones that made HDF5 1.10.8 crash
 * (*.crash) or run on without an end (*.loop). */
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "io/h5/h5.h"
#include "core/mem.h"
#include "core/rng.h"
#include "io/guard.h"

#define FILE_MAX  8192
#define MUTATIONS 60 /* of each seed */

static char path[64];

static int open_files(void)
{
    int count = 0;
    DIR *d = opendir("/proc/self/fd");
    while (readdir(d)) count++;
    closedir(d);
    return count;
}

static size_t load(const char *name, unsigned char *data)
{
    FILE *f = fopen(name, "rb");
    size_t bytes = f ? fread(data, 1, FILE_MAX, f) : 0;
    if (f) fclose(f);
    CHECK(bytes > 0 && bytes < FILE_MAX);
    return bytes;
}

static void save(const unsigned char *data, size_t bytes)
{
    FILE *f = fopen(path, "wb");
    CHECK(fwrite(data, 1, bytes, f) == bytes);
    fclose(f);
}

/* ---- reading all there is ---- */

struct reader {
    struct h5 *file;
    int datasets, refused;
};

/* Bad data are the only failure there may be, said in one line that names the file. */
static void expect(struct reader *r, enum status status)
{
    if (status == STATUS_OK) return;
    r->refused++;
    CHECK(status == STATUS_DATA);
    CHECK(strncmp(status_text(), path, strlen(path)) == 0 && strchr(status_text(), '\n') == NULL);
    if (status != STATUS_DATA) fprintf(stderr, "%d: %s\n", status, status_text());
}

static void read_numbers(struct reader *r, const char *name)
{
    struct h5_data *d;
    double *values = NULL;
    enum status status = h5_data_open(&d, r->file, name);
    expect(r, status);
    if (status != STATUS_OK) return;
    const struct h5_info *info = h5_data_info(d);
    if (info->rank > 0 && info->elements < 1 << 20) {
        CHECK_STATUS(mem_alloc(&values, (size_t)info->elements + 1, sizeof *values, "values"), STATUS_OK);
        expect(r, h5_data_read(d, 0, info->dims[0], H5_TYPE_F64, values));
        mem_free(&values);
    }
    h5_data_close(&d);
}

static void read_one(void *self, const char *name, const struct h5_info *info)
{
    struct reader *r = self;
    r->datasets++;
    if (!info) {
        expect(r, STATUS_DATA);
        return;
    }
    read_numbers(r, name);
    char **texts;
    int64_t count;
    expect(r, h5_attr_texts(r->file, name, "class_names", &texts, &count));
    mem_free(&texts);
}

static void read_all(struct reader *r)
{
    *r = (struct reader){0};
    enum status status = h5_open(&r->file, path, false);
    expect(r, status);
    if (status == STATUS_OK) expect(r, h5_visit(r->file, "/", read_one, r));
    h5_close(&r->file);
}

/* ---- files ---- */

static void find(const char *pattern, glob_t *found)
{
    char all[512];
    const char *source = getenv("DDP_SOURCE_DIR");
    snprintf(all, sizeof all, "%s/tests/io/hostile/%s", source ? source : "..", pattern);
    CHECK(glob(all, 0, NULL, found) == 0 && found->gl_pathc > 0);
}

static void test_harmful(const char *pattern)
{
    static unsigned char data[FILE_MAX];
    glob_t found;
    find(pattern, &found);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct reader r;
        save(data, load(found.gl_pathv[i], data));
        read_all(&r);
        CHECK(r.refused > 0);
    }
    globfree(&found);
}

/* The same numbers on every machine. */
struct draws {
    uint64_t seed, mutation, count;
};

static uint32_t draw(struct draws *d, uint32_t below)
{
    return rng_words(d->seed, RNG_DEMO, d->mutation, d->count++).v[0] % below;
}

/* One to four places get bytes that lengths, addresses and versions dislike. */
static void damage(unsigned char *data, size_t bytes, struct draws *d)
{
    static const unsigned char disliked[] = {0, 1, 2, 4, 8, 0x10, 0x40, 0x7f, 0x80, 0xfe, 0xff};
    uint32_t places = 1 + draw(d, 4);
    for (uint32_t i = 0; i < places; i++) {
        size_t at = draw(d, (uint32_t)bytes), length = (size_t)1 << draw(d, 4);
        uint32_t kind = draw(d, 3);
        if (at + length > bytes) length = 1;
        if (kind == 0)
            data[at] = disliked[draw(d, sizeof disliked)];
        else if (kind == 1)
            data[at] = (unsigned char)draw(d, 256);
        else
            memset(data + at, 0xff, length);
    }
}

static void test_mutations(void)
{
    static unsigned char seed[FILE_MAX], data[FILE_MAX];
    glob_t found;
    int refused = 0;
    find("*.seed", &found);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct reader r;
        size_t bytes = load(found.gl_pathv[i], seed);
        save(seed, bytes);
        read_all(&r);
        CHECK(r.datasets == 2 && r.refused == 1); /* x has no names */
        for (uint32_t k = 0; k < MUTATIONS; k++) {
            struct draws d = {i, k, 0};
            memcpy(data, seed, bytes);
            damage(data, bytes, &d);
            save(data, bytes);
            read_all(&r);
            refused += r.datasets != 2 || r.refused > 1;
        }
    }
    CHECK(refused > MUTATIONS);
    globfree(&found);
}

/* ---- the child itself ---- */

enum deed { ANSWER, CRASH, LOOP, TAKE_MEMORY, EXIT, BE_KILLED, COUNT_FILES };

static void misbehave(struct guard *g, void *self)
{
    volatile uint64_t spin = 0;
    int *room = guard_room(g);
    (void)self;
    while (guard_next(g)) {
        switch (*room) {
        case CRASH:
            raise(SIGSEGV);
            break;
        case LOOP:
            for (;;) spin++;
        case TAKE_MEMORY:
            room[1] = malloc(GUARD_MEMORY + ((size_t)1 << 30)) == NULL;
            guard_allow(g, GUARD_MEMORY + ((size_t)2 << 30));
            room[2] = malloc(GUARD_MEMORY + ((size_t)1 << 30)) != NULL;
            break;
        case EXIT:
            _exit(7);
        case BE_KILLED:
            raise(SIGKILL);
            break;
        case COUNT_FILES:
            room[1] = open_files();
            break;
        default:
            break;
        }
        room[3] = getpid();
    }
}

static void check_deed(enum deed deed, enum status expected, const char *part)
{
    struct guard *g;
    CHECK_STATUS(guard_start(&g, "a file", "HDF5", 4096, misbehave, NULL), STATUS_OK);
    int *room = guard_room(g);
    *room = ANSWER;
    CHECK_STATUS(guard_ask(g), STATUS_OK);
    CHECK(room[3] > 0 && room[3] != getpid());
    *room = deed;
    for (int i = 0; i < 2; i++) { /* it says so as often as it is asked */
        CHECK_STATUS(guard_ask(g), expected);
        CHECK(expected == STATUS_OK || (strstr(status_text(), part) && strstr(status_text(), "a file: ")));
    }
    guard_end(&g);
    CHECK(g == NULL && waitpid(-1, NULL, WNOHANG) == -1);
}

static void test_guard(void)
{
    check_deed(ANSWER, STATUS_OK, "");
    check_deed(CRASH, STATUS_DATA, "makes the HDF5 library crash (signal 11, Segmentation fault)");
    check_deed(EXIT, STATUS_OTHER, "exit code 7");
    check_deed(BE_KILLED, STATUS_OTHER, "was killed");
    signal(SIGCHLD, SIG_IGN); /* as inherited from a careless program */
    check_deed(ANSWER, STATUS_OK, "");
    check_deed(CRASH, STATUS_OTHER, "the reason is unknown");
    guard_enable_waitpid();
    check_deed(CRASH, STATUS_DATA, "makes the HDF5 library crash (signal 11, Segmentation fault)");
    guard_set_seconds(1);
    check_deed(LOOP, STATUS_DATA, "raise data.time_limit"); /* processor time, or on a busy machine wall time */
    guard_set_seconds(GUARD_SECONDS);
#if !defined(__SANITIZE_ADDRESS__)
    struct guard *g;
    CHECK_STATUS(guard_start(&g, "a file", "HDF5", 4096, misbehave, NULL), STATUS_OK);
    int *room = guard_room(g);
    *room = TAKE_MEMORY;
    CHECK_STATUS(guard_ask(g), STATUS_OK);
    CHECK(room[1] && room[2]); /* refused, then allowed */
    guard_end(&g);
#endif
}

/* The child has what reads from and writes to nowhere, and its socket, however much the parent has open. */
static void test_descriptors(void)
{
    int others[200];
    struct guard *g;
    for (int i = 0; i < 200; i++) CHECK((others[i] = open("/dev/zero", O_RDONLY)) >= 0);
    CHECK_STATUS(guard_start(&g, "a file", "HDF5", 4096, misbehave, NULL), STATUS_OK);
    int *room = guard_room(g);
    *room = COUNT_FILES;
    CHECK_STATUS(guard_ask(g), STATUS_OK);
    int looking = 3; /* ".", ".." and what opendir has open */
    CHECK(room[1] == looking + STDERR_FILENO + 1 + 1);
    guard_end(&g);
    for (int i = 0; i < 200; i++) close(others[i]);
}

static void *use_guard(void *guard)
{
    struct guard **g = guard;
    enum status status = guard_start(g, "a file", "HDF5", 4096, misbehave, NULL);
    if (status == STATUS_OK) status = guard_ask(*g);
    return status == STATUS_OK ? guard : NULL;
}

/* Any thread may make a child, which lives no longer than that thread: another one must not ask it. */
static void test_other_thread(void)
{
    int how = 0;
    pid_t parent = fork();
    if (parent == 0) {
        pthread_t thread;
        struct guard *g = NULL;
        void *used = NULL;
        setrlimit(RLIMIT_CORE, &(struct rlimit){0});
        if (!freopen("/dev/null", "w", stderr)) _exit(2); /* the assertion says so */
        if (pthread_create(&thread, NULL, use_guard, &g) != 0 || pthread_join(thread, &used) != 0) _exit(3);
        if (used != &g) _exit(4);
        _exit(guard_ask(g) == STATUS_OK ? 5 : 6);
    }
    CHECK(waitpid(parent, &how, 0) == parent && WIFSIGNALED(how) && WTERMSIG(how) == SIGABRT);
}

/* A parent that is killed takes its child along, even one that is busy. */
static void test_orphan(void)
{
    int ends[2];
    pid_t orphan = 0;
    CHECK(pipe(ends) == 0);
    pid_t parent = fork();
    if (parent == 0) {
        struct guard *g = NULL;
        if (guard_start(&g, "a file", "HDF5", 4096, misbehave, NULL) != STATUS_OK) _exit(1);
        int *room = guard_room(g);
        *room = ANSWER;
        if (guard_ask(g) != STATUS_OK || write(ends[1], &room[3], sizeof room[3]) < 0) _exit(1);
        *room = LOOP;
        (void)guard_ask(g);
        _exit(1);
    }
    CHECK(read(ends[0], &orphan, sizeof orphan) == sizeof orphan && orphan > 0);
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
    char status[64];
    snprintf(status, sizeof status, "/proc/%d/status", (int)orphan);
    bool alive = true;
    for (int i = 0; i < 500 && alive; i++) {
        char line[256];
        FILE *f = fopen(status, "r");
        alive = f != NULL;
        while (f && fgets(line, sizeof line, f))
            if (strncmp(line, "State:\tZ", 8) == 0) alive = false; /* the init process reaps it later */
        if (f) fclose(f);
        if (alive) nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    CHECK(!alive);
    close(ends[0]);
    close(ends[1]);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    snprintf(path, sizeof path, "/tmp/test_hostile.%d", (int)getpid());
    guard_set_seconds(1);
    int before = open_files();
    CHECK_CASE(test_harmful("*.crash"));
    CHECK_CASE(test_harmful("*.loop"));
    CHECK_CASE(test_mutations());
    CHECK(open_files() == before && waitpid(-1, NULL, WNOHANG) == -1);
    CHECK_CASE(test_guard());
    CHECK_CASE(test_descriptors());
    CHECK_CASE(test_other_thread());
    CHECK_CASE(test_orphan());
    unlink(path);
    CHECK(mem_alive() == 0);
    return check_result();
}
