#include "app/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/outfile.h"
#include "ddp/clock.h"
#include "ddp/mem.h"

static const char *const files[] = {"config.yaml",   "env.json",    "log.txt", "metrics.jsonl",
                                    "confusion.csv", "report.json", NULL};

static bool is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* A folder that does not exist is empty. */
static enum status check_empty(const char *path, bool *empty)
{
    *empty = true;
    DIR *folder = opendir(path);
    if (!folder && errno == ENOENT) return STATUS_OK;
    if (!folder)
        return status_fail(STATUS_CONFIG, "%s: cannot be the run directory: %s", path, strerror(errno));
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
        if (!is_dot(entry->d_name)) *empty = false;
    closedir(folder);
    return STATUS_OK;
}

/* Two runs of one name in the same second get different folders. */
static enum status choose_name(char **path, const char *name)
{
    char stamp[CLOCK_STAMP_SIZE], text[RUNDIR_PATH_SIZE], count[16] = "";
    const char *job = getenv("SLURM_JOB_ID");
    clock_stamp(stamp);
    bool empty = false;
    for (int i = 2; !empty; i++) {
        int length = snprintf(text, sizeof text, "runs/%s-%s%s%s%s", name, stamp, job ? "-j" : "",
                              job ? job : "", count);
        if (length >= RUNDIR_PATH_SIZE) return status_fail(STATUS_CONFIG, "run.name: is too long");
        TRY(check_empty(text, &empty));
        snprintf(count, sizeof count, "-%d", i);
    }
    return mem_copy_text(path, text);
}

enum status rundir_choose(char **path, const char *wanted, const char *name, bool overwrite)
{
    *path = NULL;
    if (!wanted) return choose_name(path, name);
    if (!*wanted) return status_fail(STATUS_CONFIG, "-o: the name of the run directory is empty");
    bool empty;
    TRY(check_empty(wanted, &empty));
    if (!empty && !overwrite)
        return status_fail(
            STATUS_CONFIG,
            "%s: is not empty; choose another folder with -o, or replace the run in it with --overwrite",
            wanted);
    return mem_copy_text(path, wanted);
}

enum status rundir_file(const char *path, const char *file, char out[RUNDIR_PATH_SIZE])
{
    if (snprintf(out, RUNDIR_PATH_SIZE, "%s/%s", path, file) >= RUNDIR_PATH_SIZE)
        return status_fail(STATUS_CONFIG, "%s: the path is too long", path);
    return STATUS_OK;
}

/* mkdir -p */
static enum status make_folders(const char *path)
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

static enum status remove_file(const char *path)
{
    if (unlink(path) != 0 && errno != ENOENT)
        return status_fail(STATUS_OTHER, "%s: cannot be removed: %s", path, strerror(errno));
    return STATUS_OK;
}

static enum status remove_checkpoints(const char *path)
{
    char file[RUNDIR_PATH_SIZE];
    DIR *folder = opendir(path);
    if (!folder) return STATUS_OK;
    enum status status = STATUS_OK;
    for (struct dirent *entry = readdir(folder); entry && status == STATUS_OK; entry = readdir(folder)) {
        const char *suffix = strstr(entry->d_name, ".h5"); /* .h5, or .h5.tmp.PID of a run that was killed */
        if (!suffix || (suffix[3] && strncmp(suffix, ".h5.tmp.", 8) != 0)) continue;
        status = rundir_file(path, entry->d_name, file);
        if (status == STATUS_OK) status = remove_file(file);
    }
    closedir(folder);
    return status;
}

enum status rundir_create(const char *path, const char *config_text)
{
    char text[RUNDIR_PATH_SIZE];
    TRY(rundir_file(path, "checkpoints", text));
    TRY(make_folders(text));
    TRY(remove_checkpoints(text));
    for (const char *const *file = files; *file; file++) {
        TRY(rundir_file(path, *file, text));
        TRY(remove_file(text));
    }
    FILE *config;
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
