/* scratch_file.c - a file on a disk of the node, without a name. */
#include "data/store/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "comm/shared.h"
#include "core/system/process.h"

#define PATH_SIZE 4096

const char *scratch_folder(const char *wanted)
{
    static const char *const variables[] = {"SLURM_TMPDIR", "TMPDIR"};
    if (wanted && *wanted) return wanted;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *folder = getenv(variables[i]);
        if (folder && *folder) return folder;
    }
    return "/tmp";
}

double scratch_room(const char *folder)
{
    struct statfs fs;
    if (statfs(folder, &fs) != 0 || fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC) return 0;
    return (double)fs.f_bavail * (double)fs.f_bsize;
}

/* Removes files of processes of this machine that were killed before they could remove them. */
static void scratch_remove_left(const char *folder, const char *stem)
{
    size_t length = strlen(stem);
    DIR *entries = opendir(folder);
    for (const struct dirent *entry; entries && (entry = readdir(entries));)
        if (strncmp(entry->d_name, stem, length) == 0 &&
            process_start_time(atol(entry->d_name + length)) == 0)
            unlinkat(dirfd(entries), entry->d_name, 0);
    if (entries) closedir(entries);
}

static enum status scratch_create(int *file, char path[PATH_SIZE], const char *folder)
{
    char host[PROCESS_HOST_SIZE], stem[PROCESS_HOST_SIZE + 32];
    process_host(host);
    snprintf(stem, sizeof stem, "ddp_train-scratch-%s-", host);
    scratch_remove_left(folder, stem);
    if (snprintf(path, PATH_SIZE, "%s/%s%ld-XXXXXX", folder, stem, (long)getpid()) >= PATH_SIZE) {
        path[0] = '\0';
        return status_fail(STATUS_OTHER, "data.scratch_dir: the name of the folder is too long");
    }
    *file = mkostemp(path, O_CLOEXEC);
    if (*file >= 0) return STATUS_OK;
    int code = errno;
    path[0] = '\0';
    return status_fail(
        STATUS_OTHER,
        "%s: no file can be created there: %s; set data.scratch_dir to a folder on a local disk", folder,
        strerror(code));
}

/* Takes the room at once: a disk that fills up later stops no step. */
static enum status scratch_reserve(int file, const char *folder, size_t bytes, const char *what)
{
    struct statfs fs = {0};
    int code = 0;
    while (bytes > 0 && (code = fallocate(file, 0, 0, (off_t)bytes) == 0 ? 0 : errno) == EINTR) continue;
    bool unknown = code == EOPNOTSUPP || code == ENOSYS;
    fstatfs(file, &fs);
    double room = (double)fs.f_bavail * (double)fs.f_bsize;
    if (unknown) code = room <= (double)bytes ? ENOSPC : ftruncate(file, (off_t)bytes) == 0 ? 0 : errno;
    if (code == 0) return STATUS_OK;
    return status_fail(STATUS_OTHER,
                       "%s: data.store: scratch needs %.0f MB in %s, which has %.0f MB free (%s); set "
                       "data.scratch_dir to a folder with more space",
                       what, (double)bytes / 1e6, folder, room / 1e6, strerror(code));
}

static enum status scratch_open_other(int *file, const char *path)
{
    *file = open(path, O_RDWR | O_CLOEXEC);
    if (*file >= 0) return STATUS_OK;
    return status_fail(STATUS_OTHER, "%s: cannot be opened: %s", path, strerror(errno));
}

enum status scratch_open(int *file, struct comm *comm, const char *folder, size_t bytes, const char *what)
{
    struct shared *text = NULL;
    bool first = comm_local_rank(comm) == 0;
    *file = -1;
    TRY(shared_create(&text, comm, PATH_SIZE, "name of a scratch file"));
    char *path = shared_base(text);
    enum status status = comm_agree(comm, first ? scratch_create(file, path, folder) : STATUS_OK);
    if (status == STATUS_OK) status = comm_agree(comm, first ? STATUS_OK : scratch_open_other(file, path));
    if (first && *path) unlink(path);
    if (status == STATUS_OK)
        status = comm_agree(comm, first ? scratch_reserve(*file, folder, bytes, what) : STATUS_OK);
    shared_destroy(&text);
    if (status != STATUS_OK && *file >= 0) close(*file);
    if (status != STATUS_OK) *file = -1;
    return status;
}

enum status scratch_write(int file, const void *data, size_t bytes, int64_t offset, const char *what)
{
    const char *from = data;
    for (size_t at = 0; at < bytes;) {
        ssize_t done = pwrite(file, from + at, bytes - at, (off_t)(offset + (int64_t)at));
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0)
            return status_fail(STATUS_OTHER, "%s: its copy in data.scratch_dir cannot be written: %s", what,
                               strerror(errno));
        at += (size_t)done;
    }
    return STATUS_OK;
}

enum status scratch_read(int file, void *data, size_t bytes, int64_t offset, const char *what)
{
    char *to = data;
    for (size_t at = 0; at < bytes;) {
        ssize_t done = pread(file, to + at, bytes - at, (off_t)(offset + (int64_t)at));
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0)
            return status_fail(STATUS_OTHER, "%s: its copy in data.scratch_dir cannot be read: %s", what,
                               done < 0 ? strerror(errno) : "it is shorter than it was");
        at += (size_t)done;
    }
    return STATUS_OK;
}
