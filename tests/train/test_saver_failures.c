// ranks: 1 2 3
/* The system refuses each of the calls that a checkpoint needs: the ones before it stay, and what happened is
 * told. */
#include <errno.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "train/scene.h"

/* The system's calls, which fail on demand: *_error is what they fail with, 0 = they do not; *_left: how
 * often, -1 = always. */
static int link_error, fsync_error, fsync_failures, links, pauses;

int link(const char *from, const char *to)
{
    links++;
    errno = link_error;
    return link_error ? -1 : (int)syscall(SYS_linkat, -100, from, -100, to, 0);
}

int fsync(int file)
{
    if (!fsync_error || fsync_failures == 0) return (int)syscall(SYS_fsync, file);
    if (fsync_failures > 0) fsync_failures--;
    errno = fsync_error;
    return -1;
}

unsigned sleep(unsigned seconds)
{
    pauses += (int)seconds;
    return 0;
}

static int open_files(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (readdir(folder)) count++;
    closedir(folder);
    return count;
}

static void limit_files(const struct scene *s, rlim_t bytes)
{
    struct rlimit limit;
    if (!is_root(s)) return;
    CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    limit.rlim_cur = bytes == RLIM_INFINITY ? limit.rlim_max : bytes;
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

/* No room, from the first byte to the last: a limit of the size of files is reached as a full disk is,
 * wherever HDF5 is. */
static void check_no_room(struct comm *comm)
{
    struct scene s;
    struct stat facts = {0};
    open_scene(&s, comm);
    CHECK_STATUS(save(&s, 1, SAVER_STEP), STATUS_OK);
    if (is_root(&s)) CHECK(stat(path_of(&s, "last.h5"), &facts) == 0 && facts.st_size > 8192);
    int64_t size = facts.st_size, failures = 0;
    comm_share_bytes(comm, &size, sizeof size);
    int64_t alive = mem_alive();
    int handles = open_files();
    for (int64_t limit = 4096; limit < size; limit += 700, failures++) {
        limit_files(&s, (rlim_t)limit);
        CHECK_STATUS(save(&s, 2, SAVER_STEP), STATUS_OTHER);
        limit_files(&s, RLIM_INFINITY);
        CHECK(says("step-000000002.h5") && says("File too large"));
        CHECK(says("the newest checkpoint is step-000000001.h5, of step 1"));
        CHECK(files_are(&s, " last.h5 step-000000001.h5") && mem_alive() == alive);
    }
    CHECK(failures > 10 && open_files() == handles);
    CHECK(holds(&s, "step-000000001.h5", 1) && holds(&s, "last.h5", 1));

    /* Between steps it is a warning; and the next one comes through. */
    limit_files(&s, 8192);
    advance(&s, 3);
    CHECK_STATUS(saver_take(s.saver, SAVER_STEP), STATUS_OK);
    advance(&s, 4);
    if (is_root(&s))
        for (int i = 0; i < 5000 && !logged(&s, "step-000000003.h5"); i++) saver_look(s.saver), usleep(1000);
    limit_files(&s, RLIM_INFINITY);
    if (is_root(&s))
        CHECK(logged(&s, "of step 1; the run continues and tries again at the next checkpoint") == 1);
    CHECK_STATUS(save(&s, 4, SAVER_STEP), STATUS_OK);
    CHECK(files_are(&s, " last.h5 step-000000001.h5 step-000000004.h5") && holds(&s, "last.h5", 4));
    close_scene(&s);
}

static void check_in_the_way(struct comm *comm)
{
    struct scene s;
    char command[2 * PATH_SIZE];
    open_scene(&s, comm);
    if (is_root(&s)) CHECK(mkdir(path_of(&s, "step-000000002.h5"), 0777) == 0);
    CHECK_STATUS(save(&s, 2, SAVER_STEP), STATUS_OTHER);
    CHECK(says("there is no checkpoint yet"));
    CHECK(files_are(&s, " step-000000002.h5"));
    if (is_root(&s)) CHECK(rmdir(path_of(&s, "step-000000002.h5")) == 0);

    /* The folder went away, and is made again. */
    CHECK_STATUS(save(&s, 3, SAVER_STEP), STATUS_OK);
    snprintf(command, sizeof command, "rm -r %s", s.folder);
    if (is_root(&s)) CHECK(system(command) == 0);
    CHECK_STATUS(save(&s, 4, SAVER_STEP), STATUS_OK);
    CHECK(files_are(&s, " last.h5 step-000000004.h5"));
    if (is_root(&s)) CHECK(system(command) == 0 && symlink("nowhere/at/all", s.folder) == 0);
    CHECK_STATUS(save(&s, 5, SAVER_STEP), STATUS_OTHER);
    if (is_root(&s)) CHECK(unlink(s.folder) == 0);
    CHECK_STATUS(save(&s, 6, SAVER_STEP), STATUS_OK);
    CHECK(files_are(&s, " last.h5 step-000000006.h5"));
    close_scene(&s);
}

static void check_links(struct comm *comm)
{
    static const int without[] = {EPERM, EOPNOTSUPP, EMLINK, ENOSYS};
    struct scene s;
    open_scene(&s, comm);
    links = 0;
    for (int i = 0; i < 4; i++) {
        link_error = without[i];
        CHECK_STATUS(save(&s, 10 + i, SAVER_STEP | SAVER_BEST), STATUS_OK);
        CHECK(holds(&s, "best.h5", 10 + i) && holds(&s, "last.h5", 10 + i));
    }
    CHECK(files_are(&s, " best.h5 last.h5 step-000000012.h5 step-000000013.h5"));
    if (is_root(&s)) CHECK(inode(&s, "last.h5") != inode(&s, "step-000000013.h5") && links == 8);
    if (is_root(&s)) CHECK(logged(&s, "warning") == 0);

    /* Saved, if under one name only, and the best is never behind what a run resumes from. */
    link_error = ENOSPC;
    CHECK_STATUS(save(&s, 20, SAVER_STEP | SAVER_BEST), STATUS_OK);
    CHECK(files_are(&s, " best.h5 last.h5 step-000000012.h5 step-000000013.h5"));
    CHECK(holds(&s, "best.h5", 20) && holds(&s, "last.h5", 13));
    if (is_root(&s))
        CHECK(logged(&s,
                     "step-000000020.h5: cannot be written: No space left on device; the newest checkpoint is"
                     " best.h5") == 1);
    link_error = 0;
    CHECK_STATUS(save(&s, 30, SAVER_STEP), STATUS_OK);
    CHECK(files_are(&s, " best.h5 last.h5 step-000000013.h5 step-000000030.h5") && holds(&s, "last.h5", 30));
    close_scene(&s);
}

/* The last checkpoint of a run is tried again; others are not. */
static void check_attempts(struct comm *comm)
{
    struct scene s;
    open_scene(&s, comm);
    CHECK_STATUS(save(&s, 1, SAVER_STEP), STATUS_OK);
    fsync_error = EIO;
    fsync_failures = -1;
    CHECK_STATUS(save(&s, 2, SAVER_STEP), STATUS_OTHER);
    CHECK(pauses == 0 && says("Input/output error; the newest checkpoint is step-000000001.h5, of step 1"));
    CHECK_STATUS(save(&s, 3, SAVER_FINAL), STATUS_OTHER);
    if (is_root(&s)) CHECK(pauses == 6);
    CHECK(files_are(&s, " last.h5 step-000000001.h5") && holds(&s, "last.h5", 1));
    fsync_failures = 2;
    pauses = 0;
    CHECK_STATUS(save(&s, 3, SAVER_FINAL), STATUS_OK);
    if (is_root(&s)) CHECK(pauses == 6 && fsync_failures == 0);
    CHECK(files_are(&s, " final.h5 last.h5 step-000000001.h5") && holds(&s, "final.h5", 3));
    fsync_error = 0;
    close_scene(&s);
}

static void check_stop(struct comm *comm)
{
    struct scene s;
    open_scene(&s, comm);
    link_error = 0;
    fsync_error = EDQUOT;
    fsync_failures = -1;
    advance(&s, 1);
    CHECK_STATUS(saver_stop(s.saver, STATUS_REQUEUE, "SIGTERM"), STATUS_OTHER);
    CHECK(strstr(status_text(), "SIGTERM at step 1, and nothing is saved: ") == status_text());
    CHECK(says("Disk quota exceeded; there is no checkpoint yet"));
    fsync_error = 0;
    advance(&s, 2);
    CHECK_STATUS(saver_stop(s.saver, STATUS_REQUEUE, "SIGUSR1"), STATUS_REQUEUE);
    if (is_root(&s))
        CHECK(says("/step-000000002.h5: SIGUSR1 at step 2; start again with --resume auto to continue"));
    fsync_error = EDQUOT;
    advance(&s, 3);
    CHECK_STATUS(saver_stop(s.saver, STATUS_INTERRUPTED, "SIGINT"), STATUS_INTERRUPTED);
    CHECK(strcmp(status_text(), "SIGINT at step 3, which is not saved; start again with --resume auto to"
                                " continue from step 2") == 0);
    if (is_root(&s))
        CHECK(logged(&s, "Disk quota exceeded; the newest checkpoint is step-000000002.h5, of step 2") == 1);
    fsync_error = 0;
    close_scene(&s);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    struct comm *comm = NULL;
    CHECK_STATUS(comm_create(&comm, &argc, &argv), STATUS_OK);
    log_enable(comm_rank(comm) == 0);
    CHECK_CASE(check_no_room(comm));
    CHECK_CASE(check_in_the_way(comm));
    CHECK_CASE(check_links(comm));
    CHECK_CASE(check_attempts(comm));
    CHECK_CASE(check_stop(comm));
    comm_destroy(&comm);
    CHECK(mem_alive() == 0);
    return check_result();
}
