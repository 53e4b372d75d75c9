/* folder.c - the files of a folder of checkpoints. */
#include "train/checkpoint/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "train/checkpoint/checkpoint.h"
#include "core/log.h"
#include "core/mem.h"

enum status checkpoint_folder_path(char path[CHECKPOINT_FILE_SIZE], const char *folder, const char *name)
{
    if (snprintf(path, CHECKPOINT_FILE_SIZE, "%s/%s", folder, name) >= CHECKPOINT_FILE_SIZE)
        return status_fail(STATUS_CONFIG, "%s: the path is too long", folder);
    return STATUS_OK;
}

static enum status checkpoint_folder_remove(const char *folder, const char *name)
{
    char path[CHECKPOINT_FILE_SIZE];
    TRY(checkpoint_folder_path(path, folder, name));
    if (unlink(path) != 0 && errno != ENOENT)
        return status_fail(STATUS_OTHER, "%s: cannot be removed: %s", path, strerror(errno));
    return STATUS_OK;
}

static enum status checkpoint_folder_open(DIR **out, const char *folder)
{
    *out = opendir(folder);
    return *out ? STATUS_OK : status_fail(STATUS_OTHER, "%s: cannot be read: %s", folder, strerror(errno));
}

enum status checkpoint_folder_make(const char *folder)
{
    if (mkdir(folder, 0777) == 0 || errno == EEXIST) return STATUS_OK;
    return status_fail(STATUS_OTHER, "%s: cannot be created: %s", folder, strerror(errno));
}

/* Returns the step of a checkpoint, from its name or else from the file; INT64_MAX if damage hides it, -1 for
 * other files. */
static int64_t checkpoint_folder_find_step(const char *folder, const char *name)
{
    char path[CHECKPOINT_FILE_SIZE];
    int64_t step;
    enum checkpoint_kind kind = checkpoint_kind(name, &step);
    if (kind == CHECKPOINT_STEP || kind == CHECKPOINT_OTHER) return step;
    bool whole =
        checkpoint_folder_path(path, folder, name) == STATUS_OK && checkpoint_step(path, &step) == STATUS_OK;
    return whole ? step : INT64_MAX;
}

static enum status checkpoint_folder_put_aside(const char *folder, const char *name, int64_t step)
{
    char path[CHECKPOINT_FILE_SIZE], aside[CHECKPOINT_FILE_SIZE + 4];
    TRY(checkpoint_folder_path(path, folder, name));
    snprintf(aside, sizeof aside, "%s.old", path);
    if (rename(path, aside) != 0)
        return status_fail(STATUS_OTHER, "%s: cannot be renamed: %s", path, strerror(errno));
    if (step == INT64_MAX)
        log_warn("%s: is damaged; renamed to %s.old", path, name);
    else
        log_warn("%s: is of step %lld, later than the step the run continues from; renamed to %s.old", path,
                 (long long)step, name);
    return STATUS_OK;
}

static enum status checkpoint_folder_tidy_file(const char *folder, const char *name, int64_t step)
{
    const char *suffix;
    enum checkpoint_kind kind = checkpoint_kind_before(name, &suffix);
    if (kind != CHECKPOINT_OTHER && strncmp(suffix, ".tmp.", 5) == 0)
        return checkpoint_folder_remove(folder, name);
    int64_t its = checkpoint_folder_find_step(folder, name);
    return its > step ? checkpoint_folder_put_aside(folder, name, its) : STATUS_OK;
}

enum status checkpoint_folder_tidy(const char *folder, int64_t step)
{
    DIR *files;
    TRY(checkpoint_folder_open(&files, folder));
    enum status status = STATUS_OK;
    for (struct dirent *entry = readdir(files); entry && status == STATUS_OK; entry = readdir(files))
        status = checkpoint_folder_tidy_file(folder, entry->d_name, step);
    closedir(files);
    return status;
}

int64_t checkpoint_folder_newest(const char *folder, char name[CHECKPOINT_NAME_SIZE])
{
    DIR *files;
    int64_t newest = -1, step;
    char path[CHECKPOINT_FILE_SIZE];
    if (checkpoint_folder_open(&files, folder) != STATUS_OK) return -1;
    for (struct dirent *entry = readdir(files); entry; entry = readdir(files)) {
        const char *its = entry->d_name;
        if (checkpoint_folder_find_step(folder, its) < 0 ||
            checkpoint_folder_path(path, folder, its) != STATUS_OK ||
            checkpoint_step(path, &step) != STATUS_OK)
            continue;
        /* Of several names of one file, prefer the one that tells its step. */
        if (step < newest || (step == newest && strcmp(its, name) < 0)) continue;
        newest = step;
        snprintf(name, CHECKPOINT_NAME_SIZE, "%.*s", CHECKPOINT_NAME_SIZE - 1, its);
    }
    closedir(files);
    return newest;
}

/* Some file systems have no hard links, or a limited number; a symbolic link would be lost with its
 * target. */
static bool checkpoint_folder_lacks_links(int code)
{
    return code == EPERM || code == EOPNOTSUPP || code == ENOSYS || code == EMLINK;
}

enum status checkpoint_folder_link(const char *folder, const char *name, const char *of, bool *possible)
{
    char path[CHECKPOINT_FILE_SIZE], source[CHECKPOINT_FILE_SIZE], temporary[CHECKPOINT_NAME_SIZE + 32],
        link_path[CHECKPOINT_FILE_SIZE];
    *possible = true;
    snprintf(temporary, sizeof temporary, "%s.tmp.%ld", name, (long)getpid());
    TRY(checkpoint_folder_path(path, folder, name));
    TRY(checkpoint_folder_path(source, folder, of));
    TRY(checkpoint_folder_path(link_path, folder, temporary));
    bool linked = link(source, link_path) == 0;
    if (!linked && checkpoint_folder_lacks_links(errno)) *possible = false;
    bool done = linked && rename(link_path, path) == 0;
    int code = errno;
    if (linked) unlink(link_path); /* rename leaves it also where both were links to one file */
    return done ? STATUS_OK : status_fail(STATUS_OTHER, "%s: cannot be written: %s", path, strerror(code));
}

void checkpoint_folder_sync(const char *folder)
{
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return;
    fsync(descriptor);
    close(descriptor);
}

static int checkpoint_folder_compare_steps(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* Lists the steps of the files up to `last`, unordered. `steps` is NULL in the first of two rounds, which
 * counts them. */
static int64_t checkpoint_folder_list_steps(DIR *files, int64_t last, int64_t *steps, int64_t room)
{
    int64_t count = 0;
    rewinddir(files);
    for (struct dirent *entry = readdir(files); entry; entry = readdir(files)) {
        int64_t step;
        if (checkpoint_kind(entry->d_name, &step) != CHECKPOINT_STEP || step > last) continue;
        if (count < room) steps[count] = step;
        count++;
    }
    return count < room || !steps ? count : room;
}

static enum status checkpoint_folder_prune_files(const char *folder, DIR *files, int64_t last, int64_t keep)
{
    int64_t *steps = NULL, count = checkpoint_folder_list_steps(files, last, NULL, 0);
    if (count <= keep) return STATUS_OK;
    TRY(mem_alloc(&steps, (size_t)count, sizeof *steps, "list of checkpoints"));
    count = checkpoint_folder_list_steps(files, last, steps, count);
    qsort(steps, (size_t)count, sizeof *steps, checkpoint_folder_compare_steps);
    enum status status = STATUS_OK;
    for (int64_t i = keep; i < count && status == STATUS_OK; i++) {
        char name[CHECKPOINT_NAME_SIZE];
        checkpoint_name(name, CHECKPOINT_STEP, steps[i]);
        status = checkpoint_folder_remove(folder, name);
    }
    mem_free(&steps);
    return status;
}

enum status checkpoint_folder_prune(const char *folder, int64_t step, int64_t keep)
{
    DIR *files;
    TRY(checkpoint_folder_open(&files, folder));
    enum status status = checkpoint_folder_prune_files(folder, files, step, keep);
    closedir(files);
    return status;
}
