/* lock.c - one process at a time works in a folder. */
#include "app/rundir/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "core/system/clock.h"
#include "core/log.h"
#include "core/system/process.h"
#include "core/system/stop.h"

#define LOOK_NANOSECONDS 100000000
#define HOLDER_SIZE      160
#define LOCK_PATH_SIZE   4096

static void lock_write_holder(int file)
{
    char text[HOLDER_SIZE], host[PROCESS_HOST_SIZE];
    process_host(host);
    int length = snprintf(text, sizeof text, "process %ld on %s\n", (long)getpid(), host);
    if (ftruncate(file, 0) != 0 || pwrite(file, text, (size_t)length, 0) != length)
        log_warn("%s: cannot be written: %s", LOCK_NAME,
                 strerror(errno)); /* the lock works without its text */
}

static void lock_read_holder(int file, char text[HOLDER_SIZE])
{
    ssize_t length = pread(file, text, HOLDER_SIZE - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    if (!*text) snprintf(text, HOLDER_SIZE, "another process");
}

/* Tries for `seconds`. */
static enum status lock_wait(int file, const char *folder, double seconds)
{
    const struct timespec pause = {0, LOOK_NANOSECONDS};
    char holder[HOLDER_SIZE];
    double start = clock_seconds();
    for (bool logged = false; flock(file, LOCK_EX | LOCK_NB) != 0;) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) {
            log_warn(
                "%s: this file system does not support locks (%s); make sure that no other run uses this "
                "folder",
                folder, strerror(errno));
            return STATUS_OK;
        }
        lock_read_holder(file, holder);
        if (clock_seconds() - start >= seconds)
            return status_fail(STATUS_OTHER,
                               "%s: is in use by %s; wait until it ends, or choose another folder with -o",
                               folder, holder);
        if (!logged) log_info("%s: in use, waiting for %s to end", folder, holder);
        logged = true;
        TRY(stop_asked());
        nanosleep(&pause, NULL);
    }
    return STATUS_OK;
}

static bool lock_path(const char *folder, char path[LOCK_PATH_SIZE])
{
    return snprintf(path, LOCK_PATH_SIZE, "%s/%s", folder, LOCK_NAME) < LOCK_PATH_SIZE;
}

enum status lock_take(struct lock *l, const char *folder, double seconds)
{
    char path[LOCK_PATH_SIZE];
    if (!lock_path(folder, path)) return status_fail(STATUS_CONFIG, "%s: the path is too long", folder);
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (file < 0) return status_fail(STATUS_OTHER, "%s: cannot be created: %s", path, strerror(errno));
    enum status status = lock_wait(file, folder, seconds);
    if (status != STATUS_OK) {
        close(file);
        return status;
    }
    lock_write_holder(file);
    *l = (struct lock){true, file};
    return STATUS_OK;
}

void lock_release(struct lock *l)
{
    if (!l->held) return;
    flock(l->file, LOCK_UN); /* a child process may still have the file open */
    close(l->file);
    l->held = false;
}

/* A run that begins at this moment tries again, as long as lock_take waits. */
bool lock_is_held(const char *folder)
{
    char path[LOCK_PATH_SIZE];
    int file = lock_path(folder, path) ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    bool held = file >= 0 && flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (file >= 0) close(file);
    return held;
}
