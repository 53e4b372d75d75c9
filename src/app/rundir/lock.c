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

static void sign(int file)
{
    char text[HOLDER_SIZE], host[PROCESS_HOST_SIZE];
    process_host(host);
    int length = snprintf(text, sizeof text, "process %ld on %s\n", (long)getpid(), host);
    if (ftruncate(file, 0) != 0 || pwrite(file, text, (size_t)length, 0) != length)
        log_warn("%s: cannot be written: %s", LOCK_NAME, strerror(errno)); /* only others' messages suffer */
}

static void read_holder(int file, char text[HOLDER_SIZE])
{
    ssize_t length = pread(file, text, HOLDER_SIZE - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    if (!*text) snprintf(text, HOLDER_SIZE, "another process");
}

/* Tries until the time is over. */
static enum status wait_for(int file, const char *folder, double seconds)
{
    const struct timespec pause = {0, LOOK_NANOSECONDS};
    char holder[HOLDER_SIZE];
    double start = clock_seconds();
    for (bool told = false; flock(file, LOCK_EX | LOCK_NB) != 0;) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) {
            log_warn("%s: this file system has no locks (%s); see to it that no other run works here", folder,
                     strerror(errno));
            return STATUS_OK;
        }
        read_holder(file, holder);
        if (clock_seconds() - start >= seconds)
            return status_fail(
                STATUS_OTHER,
                "%s: is in use by %s; wait until that has ended, or choose another folder with -o", folder,
                holder);
        if (!told) log_info("%s: waiting for %s to let go of it", folder, holder);
        told = true;
        TRY(stop_asked());
        nanosleep(&pause, NULL);
    }
    return STATUS_OK;
}

enum status lock_take(struct lock *l, const char *folder, double seconds)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", folder, LOCK_NAME) >= (int)sizeof path)
        return status_fail(STATUS_CONFIG, "%s: the path is too long", folder);
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (file < 0) return status_fail(STATUS_OTHER, "%s: cannot be made: %s", path, strerror(errno));
    enum status status = wait_for(file, folder, seconds);
    if (status != STATUS_OK) {
        close(file);
        return status;
    }
    sign(file);
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
