/* rundir.c - creates, lists and clears run directories. */
#include "app/rundir/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/rundir/lock.h"
#include "io/outfile.h"
#include "train/checkpoint/checkpoint.h"
#include "core/system/clock.h"
#include "core/mem.h"
#include "core/number.h"

#define RUNS      "runs"
#define NAME_SIZE 256

static const char *const files[] = {
    "config.yaml",   "env.json",    "log.txt",     "metrics.jsonl", "metrics.csv",
    "confusion.csv", "report.json", "report.html", "model.svg",     NULL};

static bool rundir_is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

enum status rundir_is_empty(const char *path, bool *empty)
{
    *empty = true;
    DIR *folder = opendir(path);
    if (!folder && errno == ENOENT) return STATUS_OK;
    if (!folder)
        return status_fail(STATUS_CONFIG, "%s: cannot be used as the run directory: %s", path,
                           strerror(errno));
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
        if (!rundir_is_dot(entry->d_name) && strcmp(entry->d_name, LOCK_NAME) != 0) *empty = false;
    closedir(folder);
    return STATUS_OK;
}

/* Adds a number if the folder exists: two runs of one name may start in the same second. */
enum status rundir_name(char **path, const char *name)
{
    char stamp[CLOCK_STAMP_SIZE], text[RUNDIR_PATH_SIZE], count[16] = "";
    const char *job = getenv("SLURM_JOB_ID");
    clock_stamp(stamp);
    bool empty = false;
    for (int i = 2; !empty; i++) {
        int length = snprintf(text, sizeof text, RUNS "/%s-%s%s%s%s", name, stamp, job ? "-j" : "",
                              job ? job : "", count);
        if (length >= RUNDIR_PATH_SIZE) return status_fail(STATUS_CONFIG, "run.name: is too long for a path");
        TRY(rundir_is_empty(text, &empty));
        snprintf(count, sizeof count, "-%d", i);
    }
    return mem_copy_text(path, text);
}

/* A folder of runs/. */
struct entry {
    char stamp[CLOCK_STAMP_SIZE];
    int64_t count; /* number within one second */
    char path[NAME_SIZE + sizeof RUNS];
};

/* Reads <name>-<UTC>[-j<job>][-<count>]; within a Slurm job only folders of that job match. */
static bool rundir_parse_name(const char *folder, const char *name, struct entry *e)
{
    size_t length = strlen(name);
    const char *job = getenv("SLURM_JOB_ID"), *rest = folder + length;
    int date, time, end = 0;
    if (strlen(folder) >= NAME_SIZE || strncmp(folder, name, length) != 0) return false;
    if (sscanf(rest, "-%8d-%6d%n", &date, &time, &end) != 2 || end != CLOCK_STAMP_SIZE) return false;
    *e = (struct entry){.count = 1};
    snprintf(e->stamp, sizeof e->stamp, "%s", rest + 1);
    snprintf(e->path, sizeof e->path, RUNS "/%s", folder);
    rest += end;
    size_t digits = strncmp(rest, "-j", 2) == 0 ? strcspn(rest + 2, "-") : 0;
    if (job && (digits != strlen(job) || strncmp(rest + 2, job, digits) != 0)) return false;
    if (digits) rest += 2 + digits;
    return *rest == '\0' || (*rest == '-' && number_parse_int(rest + 1, &e->count) == STATUS_OK);
}

static int rundir_newest_first(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = strcmp(y->stamp, x->stamp);
    return order ? order : x->count < y->count ? 1 : x->count > y->count ? -1 : 0;
}

/* Lists them in two passes: the first one counts. */
static enum status rundir_list(const char *name, struct entry **out, int64_t *count)
{
    *out = NULL;
    *count = 0;
    DIR *folder = opendir(RUNS);
    if (!folder && errno == ENOENT) return STATUS_OK;
    if (!folder) return status_fail(STATUS_OTHER, RUNS ": cannot be read: %s", strerror(errno));
    struct entry e;
    int64_t room = 0;
    for (struct dirent *f = readdir(folder); f; f = readdir(folder))
        room += rundir_parse_name(f->d_name, name, &e);
    enum status status = mem_alloc(out, (size_t)room, sizeof **out, "list of runs");
    rewinddir(folder);
    for (struct dirent *f = readdir(folder); *out && f && *count < room; f = readdir(folder))
        if (rundir_parse_name(f->d_name, name, &e)) (*out)[(*count)++] = e;
    closedir(folder);
    if (*out) qsort(*out, (size_t)*count, sizeof **out, rundir_newest_first);
    return status;
}

enum status rundir_each(const char *name, enum status (*each)(void *self, const char *path, bool *stop),
                        void *self)
{
    struct entry *runs;
    int64_t count;
    TRY(rundir_list(name, &runs, &count));
    enum status status = STATUS_OK;
    bool stop = false;
    for (int64_t i = 0; i < count && status == STATUS_OK && !stop; i++)
        status = each(self, runs[i].path, &stop);
    mem_free(&runs);
    return status;
}

enum status rundir_file(const char *path, const char *file, char out[RUNDIR_PATH_SIZE])
{
    if (snprintf(out, RUNDIR_PATH_SIZE, "%s/%s", path, file) >= RUNDIR_PATH_SIZE)
        return status_fail(STATUS_CONFIG, "%s: the path is too long", path);
    return STATUS_OK;
}

enum status rundir_make(const char *path)
{
    char text[RUNDIR_PATH_SIZE];
    if (snprintf(text, sizeof text, "%s", path) >= RUNDIR_PATH_SIZE)
        return status_fail(STATUS_CONFIG, "%s: the path is too long", path);
    for (char *c = text + 1;; c++) {
        char kept = *c;
        if (kept != '/' && kept != '\0') continue;
        *c = '\0';
        if (mkdir(text, 0777) != 0 && errno != EEXIST)
            return status_fail(STATUS_OTHER, "%s: cannot be created: %s", text, strerror(errno));
        *c = kept;
        if (kept == '\0') return STATUS_OK;
    }
}

static enum status rundir_remove_file(const char *path)
{
    if (unlink(path) != 0 && errno != ENOENT)
        return status_fail(STATUS_OTHER, "%s: cannot be removed: %s", path, strerror(errno));
    return STATUS_OK;
}

/* Matches step-000000120.h5, best.h5.old, last.h5.tmp.123 and the like. */
static bool rundir_is_checkpoint(const char *name)
{
    const char *suffix;
    return checkpoint_kind_before(name, &suffix) != CHECKPOINT_OTHER &&
           (!*suffix || strcmp(suffix, ".old") == 0 ||
            strncmp(suffix, OUTFILE_MARK, strlen(OUTFILE_MARK)) == 0);
}

/* Matches temporary names of our files: name, OUTFILE_MARK, digits. */
static bool rundir_is_leftover(const char *name)
{
    for (const char *const *file = files; *file; file++) {
        size_t length = strlen(*file), mark = strlen(OUTFILE_MARK);
        if (strncmp(name, *file, length) == 0 && strncmp(name + length, OUTFILE_MARK, mark) == 0)
            return strspn(name + length + mark, "0123456789") == strlen(name + length + mark);
    }
    return false;
}

static bool rundir_is_events(const char *name)
{
    size_t length = strlen(name), end = strlen(RUNDIR_EVENTS_END);
    return strncmp(name, RUNDIR_EVENTS, strlen(RUNDIR_EVENTS)) == 0 && length > end &&
           strcmp(name + length - end, RUNDIR_EVENTS_END) == 0;
}

/* Removes the files of a folder that `which` selects; the folder may not exist. */
static enum status rundir_remove_files(const char *path, bool (*which)(const char *name))
{
    char file[RUNDIR_PATH_SIZE];
    DIR *folder = opendir(path);
    if (!folder) return STATUS_OK;
    enum status status = STATUS_OK;
    for (struct dirent *entry = readdir(folder); entry && status == STATUS_OK; entry = readdir(folder)) {
        if (!which(entry->d_name)) continue;
        status = rundir_file(path, entry->d_name, file);
        if (status == STATUS_OK) status = rundir_remove_file(file);
    }
    closedir(folder);
    return status;
}

static bool rundir_has(const char *path, const char *name)
{
    char text[RUNDIR_PATH_SIZE];
    struct stat facts;
    return rundir_file(path, name, text) == STATUS_OK && lstat(text, &facts) == 0;
}

const char *rundir_find_foreign_file(const char *path)
{
    if (rundir_has(path, "checkpoints")) return NULL; /* a run creates it before all other files */
    const char *const *file = files;
    while (*file && !rundir_has(path, *file)) file++;
    return *file;
}

enum status rundir_clear(const char *path)
{
    char text[RUNDIR_PATH_SIZE];
    TRY(rundir_file(path, "checkpoints", text));
    TRY(rundir_remove_files(text, rundir_is_checkpoint));
    TRY(rundir_remove_files(path, rundir_is_events));
    for (const char *const *file = files; *file; file++) {
        TRY(rundir_file(path, *file, text));
        TRY(rundir_remove_file(text));
    }
    return STATUS_OK;
}

enum status rundir_begin(const char *path, const char *config_text)
{
    char text[RUNDIR_PATH_SIZE];
    FILE *config;
    TRY(rundir_file(path, "checkpoints", text));
    TRY(rundir_make(text));
    TRY(rundir_remove_files(path, rundir_is_leftover));
    TRY(rundir_file(path, "config.yaml", text));
    TRY(outfile_open(&config, text));
    fputs(config_text, config);
    return outfile_close(config, text);
}

void rundir_note_end(const char *path, enum status status)
{
    char file[RUNDIR_PATH_SIZE];
    if (rundir_file(path, "log.txt", file) != STATUS_OK) return;
    FILE *out = fopen(file, "a");
    if (!out) return;
    fprintf(out, "%s%s\n", status_is_stop(status) ? "" : "error: ", status_text());
    fclose(out);
}
