/* watchdog.c - the thread that watches a node, and the rules by which it ends the job. */
#include "comm/watch/watchdog.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "comm/comm_private.h"
#include "comm/leftovers.h"
#include "comm/shared.h"
#include "comm/watch/heartbeat.h"
#include "comm/watch/private.h"
#include "core/mem.h"
#include "core/system/clock.h"
#include "core/system/process.h"

#define CHECKS_PER_SECOND 4
#define MAX_GAP_SECONDS   1.0 /* a longer gap between two checks means that this process was suspended */
#define COURTESY_SECONDS                                                                                     \
    1.0                    /* a node that knows which rank hangs reports this much earlier than the others */
#define REPORT_SECONDS 2.0 /* the other ranks of the node wait this long for the one that reports */

/* Shared memory of a node. The rank that sets the finding reports it. */
struct board {
    _Alignas(MEM_ALIGN) atomic_int finding;
    atomic_bool reported;
    struct activity ranks[]; /* [local_size] */
};

static struct watchdog {
    const struct comm *comm;
    struct watchdog_limits limits;
    struct shared *window;
    struct board *board;
    struct watchdog_view *views; /* [local_size], the thread's */
    char host[PROCESS_HOST_SIZE];
    bool sees_others; /* not in containers of their own: their process numbers mean nothing here */
    pid_t launcher;   /* 0 = none, or one whose end means nothing */

    struct watchdog_nodes nodes;
    pthread_t thread;
    bool running;
    int stop; /* an eventfd: the thread must end */

    uint64_t beats;       /* of all ranks of the node at the last check */
    double checked, idle; /* time of the last check; seconds without progress */
} self;

static enum watchdog_finding read_finding(void)
{
    return (enum watchdog_finding)self.board->finding;
}

static char find_state(int local_rank)
{
    const struct activity *p = &self.board->ranks[local_rank];
    return self.sees_others ? process_state(p->pid, p->start_time) : 'R';
}

static struct watchdog_scene take_views(void)
{
    const struct comm *c = self.comm;
    for (int i = 0; i < c->local_size; i++) {
        struct activity *p = &self.board->ranks[i];
        self.views[i] = (struct watchdog_view){.rank = c->node_first[c->node_index] + i,
                                               .pid = p->pid,
                                               .step = p->step,
                                               .phase = (enum activity_phase)p->phase,
                                               .wait = (enum activity_wait)p->wait,
                                               .wait_index = p->wait_index,
                                               .state = find_state(i)};
    }
    return (struct watchdog_scene){.host = self.host,
                                   .node = c->node_index,
                                   .nodes = c->nodes,
                                   .count = c->local_size,
                                   .views = self.views};
}

/* Writes to stderr in one piece and past every lock, because the main thread may hold those of the log. A
 * full pipe must not block this thread, and where nothing can be written there is nothing to wait for. */
static void print_report(const char *text)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&out, 1, 1000) == 1) (void)!write(STDERR_FILENO, text, strlen(text));
    atomic_store(&self.board->reported, true);
}

/* Returns whether this rank is the first of its node to find something: then it reports. */
static bool claim_finding(enum watchdog_finding finding)
{
    int none = WATCHDOG_NOTHING;
    return atomic_compare_exchange_strong(&self.board->finding, &none, (int)finding);
}

static void sleep_seconds(double seconds)
{
    struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&t, NULL);
}

/* Every rank watches the process of the next rank of its node. */
static void check_neighbour(void)
{
    char text[WATCHDOG_TEXT];
    int next = (self.comm->local_rank + 1) % self.comm->local_size;
    if (self.limits.death <= 0 || next == self.comm->local_rank) return;
    char state = find_state(next);
    if ((state != 'Z' && state != PROCESS_GONE) || !claim_finding(WATCHDOG_RANK_DIED)) return;
    struct watchdog_scene scene = take_views();
    watchdog_report_exit(text, &scene, next);
    print_report(text);
}

static void check_launcher(void)
{
    char text[WATCHDOG_TEXT];
    if (self.limits.death <= 0 || self.launcher == 0 || getppid() == self.launcher) return;
    if (!claim_finding(WATCHDOG_LAUNCHER_DIED)) return;
    struct watchdog_scene scene = take_views();
    watchdog_report_launcher(text, &scene);
    leftovers_remove_session();
    for (int i = 0; i < scene.count; i++) /* a stopped rank would never be continued */
        if (scene.views[i].state == 'T') kill((pid_t)scene.views[i].pid, SIGKILL);
    print_report(text);
}

/* Returns the seconds without progress that are allowed. A stopped rank gets no patience. */
static double find_limit(const struct watchdog_scene *scene)
{
#define IN_EVERY_STEP(name, text, in_every_step) [ACTIVITY_##name] = (in_every_step),
    static const bool in_every_step[ACTIVITY_PHASES] = {ACTIVITY_PHASE_MAP(IN_EVERY_STEP)};
    bool all = true, stopped = false;
    for (int i = 0; i < scene->count; i++) {
        all = all && in_every_step[scene->views[i].phase];
        stopped = stopped || scene->views[i].state == 'T';
    }
    return self.limits.hang * (all || stopped ? 1 : WATCHDOG_PATIENCE);
}

static bool has_blocking_rank(const struct watchdog_scene *scene)
{
    int blocking = 0;
    for (int i = 0; i < scene->count; i++) blocking += watchdog_is_blocking(&scene->views[i]);
    return blocking > 0;
}

static void check_progress(void)
{
    char text[WATCHDOG_TEXT];
    double now = clock_seconds(), gap = now - self.checked;
    uint64_t beats = 0;
    for (int i = 0; i < self.comm->local_size; i++) beats += self.board->ranks[i].beats;
    self.idle = beats != self.beats ? 0 : self.idle + (gap < MAX_GAP_SECONDS ? gap : MAX_GAP_SECONDS);
    self.checked = now;
    self.beats = beats;
    if (self.limits.hang <= 0 || self.idle < self.limits.hang) return;
    struct watchdog_scene scene = take_views();
    double limit = find_limit(&scene);
    double courtesy = has_blocking_rank(&scene) ? 0 : COURTESY_SECONDS;
    if (self.idle < limit + courtesy || !claim_finding(WATCHDOG_HANG)) return;
    scene.seconds = limit;
    scene.rule = limit > self.limits.hang ? "10 times sync.timeout" : "sync.timeout";
    watchdog_report_hang(text, &scene);
    print_report(text);
}

static void check_nodes(void)
{
    char text[WATCHDOG_TEXT];
    enum watchdog_finding finding = watchdog_nodes_check(&self.nodes);
    if (finding == WATCHDOG_NOTHING || !claim_finding(finding)) return;
    if (finding == WATCHDOG_NODE_WARNED) { /* by a node that has reported */
        atomic_store(&self.board->reported, true);
        return;
    }
    struct watchdog_scene scene = take_views();
    watchdog_nodes_report(text, &self.nodes, &scene);
    print_report(text);
}

/* Ends this process after a finding of this rank or of another one of the node. Where ranks have died the
 * launcher gets time to end the job first. */
static void end_process(void)
{
    enum watchdog_finding finding = read_finding();
    watchdog_nodes_warn(&self.nodes, finding);
    bool died = finding == WATCHDOG_RANK_DIED || finding == WATCHDOG_NODE_EXITED;
    double end = clock_seconds() + REPORT_SECONDS;
    while (!self.board->reported && clock_seconds() < end) sleep_seconds(0.01);
    sleep_seconds(died ? self.limits.death / 2 : 0);
    _exit(STATUS_WATCHDOG);
}

/* Sleeps until the next check, or a word of another node; returns false when the thread must end. */
static bool sleep_until_check(void)
{
    struct pollfd events[1 + HEARTBEAT_NEIGHBOURS] = {{.fd = self.stop, .events = POLLIN}};
    heartbeat_sockets(self.nodes.heartbeat, &events[1]);
    double share = self.limits.hang * CHECKS_PER_SECOND / 2; /* two checks at least within a short limit */
    double pause = 1e9 / CHECKS_PER_SECOND * (share > 0 && share < 1 ? share : 1);
    ppoll(events, 1 + HEARTBEAT_NEIGHBOURS, &(struct timespec){.tv_nsec = (long)pause}, NULL);
    return !events[0].revents;
}

static void *run_watch_thread(void *unused)
{
    static void (*const checks[])(void) = {check_launcher, check_neighbour, check_nodes, check_progress};
    self.checked = clock_seconds();
    while (sleep_until_check()) {
        for (int i = 0; i < 4 && read_finding() == WATCHDOG_NOTHING; i++) checks[i]();
        if (read_finding() != WATCHDOG_NOTHING) end_process();
    }
    return unused;
}

/* Start and end. */

/* Without one, the parent is a shell, which may end before this process. */
static pid_t find_launcher(void)
{
    static const char *const variables[] = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK", NULL};
    for (const char *const *v = variables; *v; v++)
        if (getenv(*v)) return getppid();
    return 0;
}

static void publish_process(void)
{
    process_host(self.host);
    struct activity *mine = &self.board->ranks[self.comm->local_rank];
    mine->pid = getpid();
    mine->start_time = process_start_time(getpid());
    activity_record_in(mine);
    self.launcher = find_launcher();
}

static void find_others(void)
{
    self.sees_others = true;
    for (int i = 0; i < self.comm->local_size; i++) {
        const struct activity *p = &self.board->ranks[i];
        self.sees_others = self.sees_others && p->start_time && process_start_time(p->pid) == p->start_time;
    }
}

/* Signals are the main thread's. */
static enum status start_watch_thread(void)
{
    sigset_t all, before;
    sigfillset(&all);
    self.stop = eventfd(0, EFD_CLOEXEC);
    if (self.stop < 0)
        return status_fail(STATUS_OTHER,
                           "watchdog: cannot create an eventfd: %s; raise the limit of open files",
                           strerror(errno));
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&self.thread, NULL, run_watch_thread, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    self.running = error == 0;
    if (error) close(self.stop);
    return error == 0 ? STATUS_OK
                      : status_fail(STATUS_OTHER,
                                    "watchdog: cannot start a thread: %s; raise the limit of processes",
                                    strerror(error));
}

/* Collective. */
static enum status set_up_watchdog(struct comm *comm)
{
    size_t ranks = (size_t)comm->local_size;
    TRY(comm_agree(comm, mem_alloc(&self.views, ranks, sizeof *self.views, "watchdog")));
    TRY(shared_create(&self.window, comm, sizeof *self.board + ranks * sizeof *self.board->ranks,
                      "watchdog"));
    self.board = shared_base(self.window);
    publish_process();
    comm_barrier(comm);
    find_others();
    bool several_machines = comm->nodes > comm->nodes_here;
    if (several_machines && self.limits.death > 0)
        TRY(watchdog_nodes_join(&self.nodes, comm, self.limits.death));
    return comm_agree(comm, start_watch_thread());
}

enum status watchdog_start(struct comm *comm, const struct watchdog_limits *limits)
{
    if (limits->hang <= 0 && limits->death <= 0) return STATUS_OK;
    self = (struct watchdog){.comm = comm, .limits = *limits};
    enum status status = set_up_watchdog(comm);
    if (status != STATUS_OK) watchdog_stop();
    return status;
}

static void stop_watch_thread(void)
{
    eventfd_write(self.stop, 1);
    pthread_join(self.thread, NULL);
    close(self.stop);
}

/* The threads watch until all ranks are here. No process ends before the shared memory is released, which is
 * collective, so no thread takes the end of another process for a death. */
void watchdog_stop(void)
{
    if (!self.comm) return;
    activity_set_phase(ACTIVITY_ENDING);
    if (self.window) comm_barrier((struct comm *)self.comm);
    if (self.running) stop_watch_thread();
    watchdog_nodes_leave(&self.nodes);
    activity_record_in(NULL);
    shared_destroy(&self.window);
    mem_free(&self.views);
    self = (struct watchdog){0};
}
