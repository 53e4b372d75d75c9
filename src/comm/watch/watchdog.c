/* watchdog.c - the thread, and what it judges by. */
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
#include "comm/watch/heartbeat.h"
#include "comm/leftovers.h"
#include "comm/watch/private.h"
#include "core/system/clock.h"
#include "core/system/process.h"
#include "comm/shared.h"

#define LOOKS_PER_SECOND 4
#define LONGEST_GAP      1.0 /* seconds between two looks that count: more means that this process was suspended */
#define FIRST_WORD       1.0 /* a node that knows who hangs speaks so much earlier, before the launcher ends all */
#define SPEECH_SECONDS   2.0 /* the others of the node wait so long for the one that reports */

/* A node's shared memory: whoever sets the verdict reports. */
struct board {
    _Alignas(MEM_ALIGN) atomic_int verdict;
    atomic_bool spoken;
    struct activity places[]; /* [local_size] */
};

static struct watchdog {
    const struct comm *comm;
    struct watchdog_limits limits;
    struct shared *window;
    struct board *board;
    struct watchdog_view *views; /* [local_size], the thread's */
    char host[PROCESS_HOST_SIZE];
    bool sees_others; /* not if they are in other containers: their process numbers mean nothing here */
    pid_t launcher;   /* 0 = none, or nobody whose end means anything */

    struct watchdog_nodes nodes;
    pthread_t thread;
    bool running;
    int stop; /* an eventfd: somebody wants the thread to end */

    uint64_t beats; /* of all ranks of the node at the last look */
    double looked, idle;
} dog;

static char state_of(int local_rank)
{
    const struct activity *p = &dog.board->places[local_rank];
    return dog.sees_others ? process_state(p->pid, p->start_time) : 'R';
}

static struct watchdog_scene take_views(void)
{
    const struct comm *c = dog.comm;
    for (int i = 0; i < c->local_size; i++) {
        struct activity *p = &dog.board->places[i];
        dog.views[i] = (struct watchdog_view){.rank = c->node_first[c->node_index] + i,
                                              .pid = p->pid,
                                              .step = p->step,
                                              .phase = (enum activity_phase)p->phase,
                                              .wait = (enum activity_wait)p->wait,
                                              .wait_index = p->wait_index,
                                              .state = state_of(i)};
    }
    return (struct watchdog_scene){.host = dog.host,
                                   .node = c->node_index,
                                   .nodes = c->nodes,
                                   .count = c->local_size,
                                   .views = dog.views};
}

/* To stderr in one piece and past every lock: the main thread may hold those of the log. Nor may a full pipe stop us. Where
 * nothing can be written there is nothing to wait for either. */
static void speak(const char *text)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&out, 1, 1000) == 1) (void)!write(STDERR_FILENO, text, strlen(text));
    atomic_store(&dog.board->spoken, true);
}

static bool claim(enum watchdog_verdict verdict)
{
    int none = WATCHDOG_NONE;
    return atomic_compare_exchange_strong(&dog.board->verdict, &none, (int)verdict);
}

static void nap(double seconds)
{
    struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&t, NULL);
}

/* The next rank of the node is this one's to look after. */
static void look_after_neighbour(void)
{
    char text[WATCHDOG_TEXT];
    int next = (dog.comm->local_rank + 1) % dog.comm->local_size;
    if (dog.limits.death <= 0 || next == dog.comm->local_rank) return;
    char state = state_of(next);
    if ((state != 'Z' && state != PROCESS_GONE) || !claim(WATCHDOG_DIED)) return;
    struct watchdog_scene scene = take_views();
    watchdog_report_death(text, &scene, next);
    speak(text);
}

static void look_after_launcher(void)
{
    char text[WATCHDOG_TEXT];
    if (dog.limits.death <= 0 || dog.launcher == 0 || getppid() == dog.launcher) return;
    if (!claim(WATCHDOG_ORPHANED)) return;
    struct watchdog_scene scene = take_views();
    watchdog_report_launcher(text, &scene);
    leftovers_of_launcher();
    for (int i = 0; i < scene.count; i++) /* nobody will wake them any more */
        if (scene.views[i].state == 'T') kill((pid_t)scene.views[i].pid, SIGKILL);
    speak(text);
}

/* How long nothing may move: a rank that is stopped has no right to patience. */
static double patience(const struct watchdog_scene *scene)
{
#define OF_STEP(name, text, of_step) [ACTIVITY_##name] = (of_step),
    static const bool of_step[ACTIVITY_PHASES] = {ACTIVITY_PHASE_MAP(OF_STEP)};
    bool all = true, stopped = false;
    for (int i = 0; i < scene->count; i++) {
        all = all && of_step[scene->views[i].phase];
        stopped = stopped || scene->views[i].state == 'T';
    }
    return dog.limits.hang * (all || stopped ? 1 : WATCHDOG_PATIENCE);
}

static bool blames_none(const struct watchdog_scene *scene)
{
    int culprits = 0;
    for (int i = 0; i < scene->count; i++) culprits += watchdog_is_culprit(&scene->views[i]);
    return culprits == 0;
}

static void look_for_movement(void)
{
    char text[WATCHDOG_TEXT];
    double now = clock_seconds(), gap = now - dog.looked;
    uint64_t beats = 0;
    for (int i = 0; i < dog.comm->local_size; i++) beats += dog.board->places[i].beats;
    dog.idle = beats != dog.beats ? 0 : dog.idle + (gap < LONGEST_GAP ? gap : LONGEST_GAP);
    dog.looked = now;
    dog.beats = beats;
    if (dog.limits.hang <= 0 || dog.idle < dog.limits.hang) return;
    struct watchdog_scene scene = take_views();
    double limit = patience(&scene);
    double courtesy = blames_none(&scene) ? FIRST_WORD : 0;
    if (dog.idle < limit + courtesy || !claim(WATCHDOG_HANGS)) return;
    scene.seconds = limit;
    scene.rule = limit > dog.limits.hang ? "10 times sync.timeout" : "sync.timeout";
    watchdog_report_hang(text, &scene);
    speak(text);
}

static void look_after_nodes(void)
{
    char text[WATCHDOG_TEXT];
    enum watchdog_verdict verdict = watchdog_nodes_look(&dog.nodes);
    if (verdict == WATCHDOG_NONE || !claim(verdict)) return;
    if (verdict == WATCHDOG_TOLD) { /* and has spoken */
        atomic_store(&dog.board->spoken, true);
        return;
    }
    struct watchdog_scene scene = take_views();
    watchdog_nodes_report(text, &dog.nodes, &scene);
    speak(text);
}

/* Something was found, here or by another rank of the node. */
static void conclude(void)
{
    enum watchdog_verdict verdict = (enum watchdog_verdict)dog.board->verdict;
    watchdog_nodes_warn(&dog.nodes, verdict);
    double grace = verdict == WATCHDOG_DIED ? dog.limits.death / 2 : 0;
    for (double end = clock_seconds() + SPEECH_SECONDS; !dog.board->spoken && clock_seconds() < end;)
        nap(0.01);
    nap(grace);
    _exit(STATUS_WATCHDOG);
}

/* Another node's word wakes it, too. */
static bool sleep_until_next_look(void)
{
    struct pollfd events[1 + HEARTBEAT_NEIGHBOURS] = {{.fd = dog.stop, .events = POLLIN}};
    heartbeat_sockets(dog.nodes.heartbeat, &events[1]);
    double often = dog.limits.hang * LOOKS_PER_SECOND / 2;
    double pause = 1e9 / LOOKS_PER_SECOND * (often > 0 && often < 1 ? often : 1);
    ppoll(events, 1 + HEARTBEAT_NEIGHBOURS, &(struct timespec){.tv_nsec = (long)pause}, NULL);
    return !events[0].revents;
}

static void *watch(void *unused)
{
    dog.looked = clock_seconds();
    while (sleep_until_next_look()) {
        if (dog.board->verdict == WATCHDOG_NONE) look_after_launcher();
        if (dog.board->verdict == WATCHDOG_NONE) look_after_neighbour();
        if (dog.board->verdict == WATCHDOG_NONE) look_after_nodes();
        if (dog.board->verdict == WATCHDOG_NONE) look_for_movement();
        if (dog.board->verdict != WATCHDOG_NONE) conclude();
    }
    return unused;
}

/* Start and end. */

/* A process without a launcher outlives the shell that started it. */
static pid_t find_launcher(void)
{
    static const char *const variables[] = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK", NULL};
    for (const char *const *v = variables; *v; v++)
        if (getenv(*v)) return getppid();
    return 0;
}

static void introduce(void)
{
    process_host(dog.host);
    struct activity *mine = &dog.board->places[dog.comm->local_rank];
    mine->pid = getpid();
    mine->start_time = process_start_time(getpid());
    activity_record_in(mine);
    dog.launcher = find_launcher();
}

static void look_around(void)
{
    dog.sees_others = true;
    for (int i = 0; i < dog.comm->local_size; i++) {
        const struct activity *p = &dog.board->places[i];
        dog.sees_others = dog.sees_others && p->start_time && process_start_time(p->pid) == p->start_time;
    }
}

/* Signals are the main thread's. */
static enum status start_thread(void)
{
    sigset_t all, before;
    sigfillset(&all);
    dog.stop = eventfd(0, EFD_CLOEXEC);
    if (dog.stop < 0) return status_fail(STATUS_OTHER, "watchdog: no eventfd: %s", strerror(errno));
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&dog.thread, NULL, watch, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    dog.running = error == 0;
    if (error) close(dog.stop);
    return error == 0 ? STATUS_OK : status_fail(STATUS_OTHER, "watchdog: no thread: %s", strerror(error));
}

enum status watchdog_start(struct comm *comm, const struct watchdog_limits *limits)
{
    if (limits->hang <= 0 && limits->death <= 0) return STATUS_OK;
    dog = (struct watchdog){.comm = comm, .limits = *limits};
    size_t ranks = (size_t)comm->local_size;
    TRY(comm_agree(comm, mem_alloc(&dog.views, ranks, sizeof *dog.views, "watchdog")));
    TRY(shared_create(&dog.window, comm, sizeof *dog.board + ranks * sizeof *dog.board->places, "watchdog"));
    dog.board = shared_base(dog.window);
    introduce();
    comm_barrier(comm);
    look_around();
    bool machines = comm->nodes > comm->nodes_here;
    if (machines && dog.limits.death > 0) TRY(watchdog_nodes_join(&dog.nodes, comm, dog.limits.death));
    return comm_agree(comm, start_thread());
}

static void stop_thread(void)
{
    eventfd_write(dog.stop, 1);
    pthread_join(dog.thread, NULL);
    close(dog.stop);
}

/* The threads watch until all ranks are here. None of the processes ends before the memory is given back, which all do
 * together, so that no thread sees that. */
void watchdog_stop(void)
{
    if (!dog.comm) return;
    activity_set_phase(ACTIVITY_ENDING);
    if (dog.window) comm_barrier((struct comm *)dog.comm);
    if (dog.running) stop_thread();
    watchdog_nodes_leave(&dog.nodes);
    activity_record_in(NULL);
    shared_destroy(&dog.window);
    mem_free(&dog.views);
    dog = (struct watchdog){0};
}
