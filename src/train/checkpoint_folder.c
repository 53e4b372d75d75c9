#include "train/checkpoint_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ddp/mem.h"

#define STEP_DIGITS 9

void checkpoint_folder_name(char name[CHECKPOINT_NAME_SIZE], int64_t step)
{
    snprintf(name, CHECKPOINT_NAME_SIZE, "step-%0*lld.h5", STEP_DIGITS, (long long)step);
}

/* The step in a name as above, or -1. */
static int64_t step_of(const char *name)
{
    char again[CHECKPOINT_NAME_SIZE];
    long long step;
    if (sscanf(name, "step-%lld.h5", &step) != 1 || step < 0) return -1;
    checkpoint_folder_name(again, step);
    return strcmp(name, again) == 0 ? step : -1;
}

enum status checkpoint_folder_path(char path[CHECKPOINT_FILE_SIZE], const char *folder, const char *name)
{
    if (snprintf(path, CHECKPOINT_FILE_SIZE, "%s/%s", folder, name) >= CHECKPOINT_FILE_SIZE)
        return status_fail(STATUS_CONFIG, "%s: is too long a path", folder);
    return STATUS_OK;
}

static enum status remove_file(const char *folder, const char *name)
{
    char path[CHECKPOINT_FILE_SIZE];
    TRY(checkpoint_folder_path(path, folder, name));
    if (unlink(path) != 0 && errno != ENOENT)
        return status_fail(STATUS_OTHER, "%s: cannot be removed: %s", path, strerror(errno));
    return STATUS_OK;
}

static enum status open_folder(DIR **out, const char *folder)
{
    *out = opendir(folder);
    return *out ? STATUS_OK : status_fail(STATUS_OTHER, "%s: cannot be read: %s", folder, strerror(errno));
}

enum status checkpoint_folder_make(const char *folder)
{
    DIR *files;
    if (mkdir(folder, 0777) == 0) return STATUS_OK;
    if (errno != EEXIST) return status_fail(STATUS_OTHER, "%s: cannot be made: %s", folder, strerror(errno));
    TRY(open_folder(&files, folder));
    enum status status = STATUS_OK;
    for (struct dirent *entry = readdir(files); entry && status == STATUS_OK; entry = readdir(files))
        if (strstr(entry->d_name, ".h5.tmp.")) status = remove_file(folder, entry->d_name);
    closedir(files);
    return status;
}

enum status checkpoint_folder_link(const char *folder, const char *name, const char *of)
{
    char path[CHECKPOINT_FILE_SIZE], source[CHECKPOINT_FILE_SIZE], temporary[CHECKPOINT_NAME_SIZE + 32],
        link_path[CHECKPOINT_FILE_SIZE];
    snprintf(temporary, sizeof temporary, "%s.tmp.%ld", name, (long)getpid());
    TRY(checkpoint_folder_path(path, folder, name));
    TRY(checkpoint_folder_path(source, folder, of));
    TRY(checkpoint_folder_path(link_path, folder, temporary));
    /* Some file systems know no hard links; a symbolic one would go with the file it names. */
    if (link(source, link_path) == 0 && rename(link_path, path) == 0) {
        unlink(link_path); /* rename leaves it where both were links to one file */
        return STATUS_OK;
    }
    enum status status = status_fail(STATUS_OTHER, "%s: cannot be written: %s", path, strerror(errno));
    unlink(link_path);
    return status;
}

static int newer_first(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* The steps of the files, in no order; *steps is NULL in the first of two rounds, which counts them. */
static int64_t list_steps(DIR *files, int64_t *steps, int64_t room)
{
    int64_t count = 0;
    rewinddir(files);
    for (struct dirent *entry = readdir(files); entry; entry = readdir(files)) {
        int64_t step = step_of(entry->d_name);
        if (step < 0) continue;
        if (count < room) steps[count] = step;
        count++;
    }
    return count < room || !steps ? count : room;
}

static enum status prune(const char *folder, DIR *files, int64_t keep)
{
    int64_t *steps = NULL, count = list_steps(files, NULL, 0);
    if (count <= keep) return STATUS_OK;
    TRY(mem_alloc(&steps, (size_t)count, sizeof *steps, "list of checkpoints"));
    count = list_steps(files, steps, count);
    qsort(steps, (size_t)count, sizeof *steps, newer_first);
    enum status status = STATUS_OK;
    for (int64_t i = keep; i < count && status == STATUS_OK; i++) {
        char name[CHECKPOINT_NAME_SIZE];
        checkpoint_folder_name(name, steps[i]);
        status = remove_file(folder, name);
    }
    mem_free(&steps);
    return status;
}

enum status checkpoint_folder_prune(const char *folder, int64_t keep)
{
    DIR *files;
    TRY(open_folder(&files, folder));
    enum status status = prune(folder, files, keep);
    closedir(files);
    return status;
}
