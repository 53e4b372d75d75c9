// ranks: 1 2 3
/* Checkpoints beside the steps: what they hold, what they are called, which ones stay, and what happens when the system refuses
 * each of the calls they need. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "ddp/log.h"
#include "ddp/mem.h"
#include "train/checkpoint_private.h"
#include "train/configuration.h"
#include "train/saver.h"
#include "train/trainer_private.h"

#define PATH_SIZE 256
#define LIST_SIZE 512

/* The system's calls, which fail on demand: *_error is what they fail with, 0 = they do not; so many times, -1 = always. */
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

/* Everything a test needs: a trainer that need not step, its saver, a folder, and what was logged. */
struct scene {
    struct comm *comm;
    struct config config;
    struct trainer *t;
    struct saver *saver;
    char root[64], folder[PATH_SIZE], log[PATH_SIZE];
};

/* Metrics are on the disk before a checkpoint that knows of them. */
static int marks, settled;

static int64_t on_mark(void *self)
{
    (void)self;
    return 100 + ++marks;
}

static void on_settle(void *self)
{
    (void)self;
    settled = marks;
}

static const struct observer observer = {.mark = on_mark, .settle = on_settle};

static bool is_root(const struct scene *s)
{
    return comm_rank(s->comm) == 0;
}

static void open_scene(struct scene *s, struct comm *comm)
{
    *s = (struct scene){.comm = comm, .config = configuration(SYNC_TREE)};
    s->config.optim = optim_find("adam");
    arg_values_defaults(s->config.optim->args, &s->config.optim_args);
    s->config.checkpoint_keep = 2;
    snprintf(s->root, sizeof s->root, "/tmp/ddp_test_saver.XXXXXX");
    if (is_root(s)) CHECK(mkdtemp(s->root) != NULL);
    comm_share_bytes(comm, s->root, sizeof s->root);
    snprintf(s->folder, sizeof s->folder, "%s/checkpoints", s->root);
    snprintf(s->log, sizeof s->log, "%s/log.txt", s->root);
    if (is_root(s)) CHECK_STATUS(log_open(s->log), STATUS_OK);
    CHECK_STATUS(trainer_create(&s->t, comm, &s->config, "text"), STATUS_OK);
    s->t->observer = &observer;
    CHECK_STATUS(saver_create(&s->saver, s->t, s->folder), STATUS_OK);
}

static void close_scene(struct scene *s)
{
    char command[PATH_SIZE];
    saver_destroy(&s->saver);
    trainer_destroy(&s->t);
    log_close();
    snprintf(command, sizeof command, "rm -r %s", s->root);
    if (is_root(s)) CHECK(system(command) == 0);
    comm_barrier(s->comm);
}

/* As if the run had taken steps up to this one: every weight says which. */
static void advance(struct scene *s, int64_t step)
{
    float *params = sync_params(s->t->sync);
    comm_barrier(s->comm);
    s->t->progress.step = step;
    for (int64_t i = 0; comm_local_rank(s->comm) == 0 && i < model_param_floats(s->t->model); i++)
        params[i] = (float)(step + i % 7);
    comm_barrier(s->comm);
}

static enum status save(struct scene *s, int64_t step, int names)
{
    advance(s, step);
    enum status status = saver_take(s->saver, names);
    return status == STATUS_OK ? saver_finish(s->saver) : status;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The names in the folder, in order, each behind a space. */
static const char *files(const struct scene *s)
{
    static char list[LIST_SIZE];
    char names[16][64];
    int count = 0;
    DIR *folder = opendir(s->folder);
    list[0] = '\0';
    for (struct dirent *e = folder ? readdir(folder) : NULL; e && count < 16; e = readdir(folder))
        if (e->d_name[0] != '.') snprintf(names[count++], sizeof names[0], "%.63s", e->d_name);
    if (folder) closedir(folder);
    qsort(names, (size_t)count, sizeof names[0], by_name);
    for (int i = 0; i < count; i++) strcat(strcat(list, " "), names[i]);
    return list;
}

static bool files_are(const struct scene *s, const char *expected)
{
    if (!is_root(s) || strcmp(files(s), expected) == 0) return true;
    fprintf(stderr, "in the folder:%s\nexpected:     %s\n", files(s), expected);
    return false;
}

/* The step of a checkpoint all of whose weights say the same; -1 if it is none. */
static int64_t step_in(const struct scene *s, const char *name)
{
    char path[2 * PATH_SIZE];
    struct normal n = {0}, targets = {0};
    float *params = NULL;
    int64_t step = -1, count = model_param_floats(s->t->model);
    snprintf(path, sizeof path, "%s/%s", s->folder, name);
    CHECK_STATUS(mem_alloc(&params, (size_t)count, sizeof *params, "weights"), STATUS_OK);
    if (checkpoint_load(path, s->t->model, params, &n, &targets) == STATUS_OK &&
        checkpoint_step(path, &step) == STATUS_OK) {
        const struct layer *l = model_layer(s->t->model, 0);
        for (int64_t i = 0; i < tensor_count(&l->tensors[0]); i++)
            if (params[l->tensors[0].offset + i] != (float)(step + (l->tensors[0].offset + i) % 7)) step = -2;
    }
    normal_destroy(&n);
    normal_destroy(&targets);
    mem_free(&params);
    return step;
}

static bool holds(const struct scene *s, const char *name, int64_t step)
{
    return !is_root(s) || step_in(s, name) == step;
}

/* How often a text was logged. */
static int logged(const struct scene *s, const char *text)
{
    char line[2048];
    int count = 0;
    FILE *in = fopen(s->log, "r");
    while (in && fgets(line, sizeof line, in)) count += strstr(line, text) != NULL;
    if (in) fclose(in);
    return count;
}

static ino_t inode(const struct scene *s, const char *name)
{
    char path[2 * PATH_SIZE];
    struct stat facts = {0};
    snprintf(path, sizeof path, "%s/%s", s->folder, name);
    CHECK(stat(path, &facts) == 0);
    return facts.st_ino;
}

static void check_names(struct comm *comm)
{
    struct scene s;
    open_scene(&s, comm);
    CHECK(files_are(&s, ""));
    CHECK_STATUS(save(&s, 10, SAVER_STEP | SAVER_BEST), STATUS_OK);
    if (is_root(&s)) CHECK(marks == 1 && settled == 1 && s.t->progress.metrics_bytes == 101);
    CHECK(files_are(&s, " best.h5 last.h5 step-000000010.h5"));
    if (is_root(&s)) CHECK(inode(&s, "best.h5") == inode(&s, "step-000000010.h5"));
    CHECK_STATUS(save(&s, 20, SAVER_STEP), STATUS_OK);
    CHECK_STATUS(save(&s, 30, SAVER_STEP), STATUS_OK);
    CHECK(files_are(&s, " best.h5 last.h5 step-000000020.h5 step-000000030.h5"));
    CHECK(holds(&s, "best.h5", 10) && holds(&s, "last.h5", 30) && holds(&s, "step-000000020.h5", 20));
    CHECK_STATUS(save(&s, 30, SAVER_STEP),
                 STATUS_OK); /* the same once more: a run was stopped where one was due */
    CHECK(files_are(&s, " best.h5 last.h5 step-000000020.h5 step-000000030.h5"));
    if (is_root(&s)) CHECK(inode(&s, "last.h5") == inode(&s, "step-000000030.h5"));
    CHECK_STATUS(save(&s, 35, SAVER_BEST), STATUS_OK);
    CHECK(files_are(&s, " best.h5 last.h5 step-000000020.h5 step-000000030.h5") && holds(&s, "last.h5", 35));
    CHECK_STATUS(save(&s, 40, SAVER_FINAL | SAVER_BEST), STATUS_OK);
    CHECK(files_are(&s, " best.h5 final.h5 last.h5 step-000000020.h5 step-000000030.h5"));
    CHECK(holds(&s, "best.h5", 40) && holds(&s, "final.h5", 40) && holds(&s, "last.h5", 40));
    close_scene(&s);
}

/* The file has the state at the time of the call, and the main thread allocates nothing for it. */
static void check_copy(struct comm *comm)
{
    struct scene s;
    open_scene(&s, comm);
    advance(&s, 1);
    uint64_t before = mem_allocations();
    for (int64_t step = 1; step <= 5; step++) {
        CHECK_STATUS(saver_take(s.saver, SAVER_STEP), STATUS_OK);
        advance(&s, step + 1); /* while it is written */
    }
    CHECK_STATUS(saver_finish(s.saver), STATUS_OK);
    CHECK(mem_allocations() == before);
    CHECK(files_are(&s, " last.h5 step-000000004.h5 step-000000005.h5"));
    CHECK(holds(&s, "step-000000004.h5", 4) && holds(&s, "step-000000005.h5", 5) && holds(&s, "last.h5", 5));
    close_scene(&s);
}

static void check_divergence(struct comm *comm)
{
    struct scene s;
    open_scene(&s, comm);
    CHECK_STATUS(save(&s, 1, SAVER_STEP), STATUS_OK);
    int64_t count = model_param_floats(s.t->model);
    for (int place = 0; place < 3; place++) {
        advance(&s, 2);
        if (comm_local_rank(comm) == 0)
            sync_params(s.t->sync)[place * (count - 1) / 2] = place == 1 ? NAN : INFINITY;
        comm_barrier(comm);
        CHECK_STATUS(saver_take(s.saver, SAVER_STEP | SAVER_BEST), STATUS_DIVERGED);
        CHECK(strstr(status_text(), place == 1 ? "step 2: a weight is nan" : "step 2: a weight is inf") ==
              status_text());
        CHECK_STATUS(saver_finish(s.saver), STATUS_OK);
        CHECK(files_are(&s, " last.h5 step-000000001.h5") && holds(&s, "last.h5", 1));
    }
    close_scene(&s);
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

/* No room, from the first byte to the last: a limit of the size of files is reached as a full disk is, wherever HDF5 is. */
static void check_no_room(struct comm *comm)
{
    struct scene s;
    struct stat facts = {0};
    open_scene(&s, comm);
    CHECK_STATUS(save(&s, 1, SAVER_STEP), STATUS_OK);
    if (is_root(&s)) {
        char path[2 * PATH_SIZE];
        snprintf(path, sizeof path, "%s/last.h5", s.folder);
        CHECK(stat(path, &facts) == 0 && facts.st_size > 8192);
    }
    int64_t size = facts.st_size, failures = 0;
    comm_share_bytes(comm, &size, sizeof size);
    int64_t alive = mem_alive();
    int handles = open_files();
    for (int64_t limit = 4096; limit < size; limit += 700, failures++) {
        limit_files(&s, (rlim_t)limit);
        CHECK_STATUS(save(&s, 2, SAVER_STEP), STATUS_OTHER);
        limit_files(&s, RLIM_INFINITY);
        CHECK(strstr(status_text(), "step-000000002.h5") && strstr(status_text(), "File too large"));
        CHECK(strstr(status_text(), "the newest checkpoint is step-000000001.h5, of step 1"));
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
    if (is_root(&s)) CHECK(logged(&s, "of step 1; the run goes on, and tries again at the next one") == 1);
    CHECK_STATUS(save(&s, 4, SAVER_STEP), STATUS_OK);
    CHECK(files_are(&s, " last.h5 step-000000001.h5 step-000000004.h5") && holds(&s, "last.h5", 4));
    close_scene(&s);
}

static void check_in_the_way(struct comm *comm)
{
    struct scene s;
    char path[2 * PATH_SIZE], command[3 * PATH_SIZE];
    open_scene(&s, comm);
    snprintf(path, sizeof path, "%s/step-000000002.h5", s.folder);
    if (is_root(&s)) CHECK(mkdir(path, 0777) == 0);
    CHECK_STATUS(save(&s, 2, SAVER_STEP), STATUS_CONFIG);
    CHECK(strstr(status_text(), "there is no checkpoint yet"));
    CHECK(files_are(&s, " step-000000002.h5"));
    if (is_root(&s)) CHECK(rmdir(path) == 0);

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

    link_error =
        ENOSPC; /* saved, if under one name only, and the best is never behind what a run goes on from */
    CHECK_STATUS(save(&s, 20, SAVER_STEP | SAVER_BEST), STATUS_OK);
    CHECK(files_are(&s, " best.h5 last.h5 step-000000012.h5 step-000000013.h5"));
    CHECK(holds(&s, "best.h5", 20) && holds(&s, "last.h5", 13));
    if (is_root(&s))
        CHECK(
            logged(&s,
                   "step-000000020.h5: cannot be written: No space left on device; the newest checkpoint is "
                   "best.h5") == 1);
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
    CHECK(pauses == 0 &&
          strstr(status_text(), "Input/output error; the newest checkpoint is step-000000001.h5, of step 1"));
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
    CHECK(strstr(status_text(), "Disk quota exceeded; there is no checkpoint yet"));
    fsync_error = 0;
    advance(&s, 2);
    CHECK_STATUS(saver_stop(s.saver, STATUS_REQUEUE, "SIGUSR1"), STATUS_REQUEUE);
    if (is_root(&s))
        CHECK(strstr(status_text(),
                     "/step-000000002.h5: SIGUSR1 at step 2; start again with --resume auto to continue"));
    fsync_error = EDQUOT;
    advance(&s, 3);
    CHECK_STATUS(saver_stop(s.saver, STATUS_INTERRUPTED, "SIGINT"), STATUS_INTERRUPTED);
    CHECK(
        strcmp(
            status_text(),
            "SIGINT at step 3, which is not saved; start again with --resume auto to continue from step 2") ==
        0);
    if (is_root(&s))
        CHECK(logged(&s, "Disk quota exceeded; the newest checkpoint is step-000000002.h5, of step 2") == 1);
    fsync_error = 0;
    close_scene(&s);
}

/* Asked for by rank 0's clock, not while another is being written, and done with when it is taken. */
static void check_minutes(struct comm *comm)
{
    struct scene s;
    open_scene(&s, comm);
    advance(&s, 1);
    saver_look(s.saver);
    CHECK(s.t->requests == 0);
    s.config.checkpoint_every_minutes = 1e-7;
    usleep(1000);
    s.t->requests = comm_rank(comm) == 0 ? 0 : REQUEST_STOP;
    saver_look(s.saver);
    CHECK(s.t->requests == (comm_rank(comm) == 0 ? REQUEST_SAVE : REQUEST_STOP));
    s.t->requests |= REQUEST_SAVE;
    CHECK_STATUS(saver_take(s.saver, SAVER_STEP), STATUS_OK);
    CHECK(s.t->requests == (comm_rank(comm) == 0 ? 0 : REQUEST_STOP));
    s.config.checkpoint_every_minutes = 1;
    CHECK_STATUS(saver_finish(s.saver), STATUS_OK);
    saver_look(s.saver);
    CHECK(!(s.t->requests & REQUEST_SAVE));
    close_scene(&s);
}

static void write_text(const struct scene *s, const char *name)
{
    char path[2 * PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", s->folder, name);
    FILE *out = fopen(path, "w");
    CHECK(out && fputs("not a checkpoint", out) >= 0 && fclose(out) == 0);
}

/* A run that goes on from an earlier point. */
static void check_set_back(struct comm *comm)
{
    struct scene s;
    open_scene(&s, comm);
    for (int64_t step = 10; step <= 30; step += 10) CHECK_STATUS(save(&s, step, SAVER_STEP), STATUS_OK);
    CHECK_STATUS(save(&s, 40, SAVER_FINAL | SAVER_BEST), STATUS_OK);
    saver_destroy(&s.saver);
    if (is_root(&s)) write_text(&s, "step-000000050.h5");
    if (is_root(&s)) write_text(&s, "step-000000020.h5.tmp.4711");
    if (is_root(&s)) write_text(&s, "notes.txt");
    advance(&s, 20);
    CHECK_STATUS(saver_create(&s.saver, s.t, s.folder), STATUS_OK);
    CHECK(files_are(&s, " best.h5.old final.h5.old last.h5.old notes.txt step-000000020.h5"
                        " step-000000030.h5.old step-000000050.h5.old"));
    if (is_root(&s)) CHECK(logged(&s, "later than the one the run goes on from") == 5);
    CHECK_STATUS(save(&s, 30, SAVER_STEP), STATUS_OK);
    CHECK(holds(&s, "step-000000030.h5", 30) && holds(&s, "last.h5", 30));
    close_scene(&s);
}

int main(int argc, char **argv)
{
    struct comm *comm = NULL;
    CHECK_STATUS(comm_create(&comm, &argc, &argv), STATUS_OK);
    log_enable(comm_rank(comm) == 0);
    check_names(comm);
    check_copy(comm);
    check_divergence(comm);
    check_no_room(comm);
    check_in_the_way(comm);
    check_links(comm);
    check_attempts(comm);
    check_stop(comm);
    check_minutes(comm);
    CHECK_STATUS(comm_split_nodes(comm, 2), STATUS_OK);
    check_set_back(comm);
    check_copy(comm);
    check_divergence(comm);
    comm_destroy(&comm);
    CHECK(mem_alive() == 0);
    return check_result();
}
