/* guard.c - runs a foreign library in a child process with limits of time and memory. */
#include "io/guard.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/mem.h"

#if defined(__has_feature) /* clang */
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true /* the address space is full of shadow memory, and reports go to stderr */
#else
#define SANITIZED false
#endif

struct guard {
    const char *library;
    char *path;
    void *room;
    size_t room_bytes;
    size_t taken; /* address space of the child at its start */
    pid_t child;  /* 0 = none, or known to be dead */
    pid_t maker;  /* the thread that made it */
    int socket;   /* one byte is a request or its answer */
    int seconds;
    double cpu, wall;    /* that questions about the file have taken so far */
    bool asked;          /* the child has a request to answer */
    enum status failure; /* the answer to every request after the child has died, with */
    char failure_text[STATUS_TEXT_SIZE];
};

static int seconds_per_answer = GUARD_SECONDS;

void guard_set_seconds(int seconds)
{
    seconds_per_answer = seconds;
}

void *guard_room(struct guard *g)
{
    return g->room;
}

/* ---- the child ---- */

/* Closes all descriptors but one: sockets of MPI and pipes of the launcher must not outlive the parent in
 * the child. */
static void guard_close_all_but(int kept)
{
    DIR *folder = opendir("/proc/self/fd");
    if (!folder) return;
    for (struct dirent *entry; (entry = readdir(folder));) {
        int descriptor = atoi(entry->d_name);
        if (descriptor > STDERR_FILENO && descriptor != kept && descriptor != dirfd(folder))
            close(descriptor);
    }
    closedir(folder);
}

/* Restores default actions for crashes, which the parent reports in one line, and ignores requests to end:
 * only the parent ends the child. */
static void guard_set_signals(void)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGXCPU},
                     requests[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGQUIT};
    sigset_t none;
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++) signal(crashes[i], SIG_DFL);
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) signal(requests[i], SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void guard_limit(int resource, rlim_t value)
{
    struct rlimit now;
    if (getrlimit(resource, &now) != 0) return;
    now.rlim_cur = value < now.rlim_max ? value : now.rlim_max;
    setrlimit(resource, &now);
}

static size_t guard_address_space(void)
{
    size_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%zu", &pages) != 1) pages = 0;
    if (file) fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

void guard_allow(struct guard *g, size_t bytes)
{
    if (!SANITIZED && g->taken) guard_limit(RLIMIT_AS, g->taken + bytes);
}

static void guard_limit_time(int seconds)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    guard_limit(RLIMIT_CPU, (rlim_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec + 1 + seconds));
}

static void guard_prepare_child(struct guard *g, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(0);
    guard_set_signals();
    guard_close_all_but(g->socket);
    int nowhere = open("/dev/null", O_RDWR);
    for (int i = 0; nowhere >= 0 && i <= STDERR_FILENO; i++)
        if (i != STDERR_FILENO || !SANITIZED) dup2(nowhere, i);
    if (nowhere > STDERR_FILENO) close(nowhere);
    guard_limit(RLIMIT_CORE, 0);
    g->taken = guard_address_space();
    guard_allow(g, GUARD_MEMORY);
}

/* A message is one byte: of a request the seconds it may take, of an answer nothing. */
static bool guard_send(int socket, unsigned char byte)
{
    ssize_t sent;
    do sent = send(socket, &byte, 1, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == 1;
}

static bool guard_receive(int socket, unsigned char *byte)
{
    ssize_t got;
    do got = read(socket, byte, 1);
    while (got < 0 && errno == EINTR);
    return got == 1;
}

bool guard_next(struct guard *g)
{
    unsigned char seconds = 0;
    if (g->asked && !guard_send(g->socket, 0)) return false;
    g->asked = guard_receive(g->socket, &seconds);
    if (g->asked) guard_limit_time(seconds);
    return g->asked;
}

/* ---- the parent ---- */

void guard_enable_waitpid(void)
{
    struct sigaction now;
    if (sigaction(SIGCHLD, NULL, &now) == 0 && (now.sa_handler == SIG_IGN || now.sa_flags & SA_NOCLDWAIT))
        signal(SIGCHLD, SIG_DFL);
}

static enum status guard_make_child(struct guard *g, void (*serve)(struct guard *g, void *self), void *self)
{
    int ends[2];
    pid_t parent = getpid();
    g->room = mmap(NULL, g->room_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (g->room == MAP_FAILED) g->room = NULL;
    if (!g->room || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return status_fail(STATUS_OTHER, "%s: cannot be read: %s", g->path, strerror(errno));
    g->maker = gettid();
    g->child = fork();
    if (g->child == 0) {
        close(ends[0]);
        g->socket = ends[1];
        guard_prepare_child(g, parent);
        serve(g, self);
        _exit(0);
    }
    int code = errno;
    close(ends[1]);
    g->socket = ends[0];
    if (g->child > 0) return STATUS_OK;
    g->child = 0;
    return status_fail(STATUS_OTHER, "%s: no process can be started to read it: %s", g->path, strerror(code));
}

enum status guard_start(struct guard **out, const char *path, const char *library, size_t room,
                        void (*serve)(struct guard *g, void *self), void *self)
{
    struct guard *g = NULL;
    *out = NULL;
    TRY(mem_alloc(&g, 1, sizeof *g, "guard"));
    *g = (struct guard){.library = library, .room_bytes = room, .socket = -1, .seconds = seconds_per_answer};
    enum status status = mem_copy_text(&g->path, path);
    if (status == STATUS_OK) status = guard_make_child(g, serve, self);
    if (status != STATUS_OK) guard_end(&g);
    *out = g;
    return status;
}

/* Returns the wait status, or UNKNOWN_END where ends of children are not reported. */
#define UNKNOWN_END (-1)
static int guard_wait_for(pid_t child)
{
    int how = 0;
    while (waitpid(child, &how, 0) < 0)
        if (errno != EINTR) return UNKNOWN_END;
    return how;
}

#define RAISE "if the file is good, raise data.time_limit (DDP_TRAIN_DATA_TIME_LIMIT)"

static enum status guard_too_busy(const struct guard *g)
{
    return status_fail(STATUS_DATA,
                       "%s: keeps the %s library busy for more than %d s of processor time; the file is "
                       "damaged or malicious; " RAISE,
                       g->path, g->library, g->seconds);
}

static enum status guard_too_slow(const struct guard *g)
{
    return status_fail(STATUS_DATA,
                       "%s: the %s library has not answered within %d s (wall time); the file is damaged or "
                       "malicious, or its disk or this machine is too slow; " RAISE,
                       g->path, g->library, g->seconds * GUARD_WALL);
}

/* Returns why the child ended, as a status: STATUS_DATA only if the file was the cause. */
static enum status guard_report_exit(const struct guard *g, int how)
{
    if (how == UNKNOWN_END)
        return status_fail(STATUS_OTHER,
                           "%s: the process that reads it ended early; the reason is unknown because this "
                           "program ignores SIGCHLD or waits for children of others",
                           g->path);
    int signal = WIFSIGNALED(how) ? WTERMSIG(how) : 0;
    if (signal == SIGXCPU) return guard_too_busy(g);
    if (signal == SIGKILL)
        return status_fail(STATUS_OTHER, "%s: the process that reads it was killed; is the memory full?",
                           g->path);
    if (signal)
        return status_fail(STATUS_DATA,
                           "%s: makes the %s library crash (signal %d, %s); the file is damaged or malicious",
                           g->path, g->library, signal, strsignal(signal));
    return status_fail(STATUS_OTHER, "%s: the process that reads it ended with exit code %d", g->path,
                       WEXITSTATUS(how));
}

/* Keeps a failure: it is the answer to everything from now on. */
static enum status guard_keep_failure(struct guard *g, enum status failure)
{
    g->failure = failure;
    snprintf(g->failure_text, sizeof g->failure_text, "%s", status_text());
    return failure;
}

static enum status guard_kill(struct guard *g, enum status why)
{
    kill(g->child, SIGKILL);
    guard_keep_failure(g, why);
    guard_wait_for(g->child);
    g->child = 0;
    return status_fail(g->failure, "%s", g->failure_text);
}

static double guard_used(const struct guard *g)
{
    clockid_t clock;
    struct timespec used;
    if (!g->child || clock_getcpuclockid(g->child, &clock) != 0 || clock_gettime(clock, &used) != 0) return 0;
    return (double)used.tv_sec + 1e-9 * (double)used.tv_nsec;
}

static double guard_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Waits at most `seconds` for the answer; true also when the child has ended. */
static bool guard_wait_answer(const struct guard *g, double seconds)
{
    struct pollfd answer = {.fd = g->socket, .events = POLLIN};
    double end = guard_now() + seconds;
    for (double left = seconds; left > 0; left = end - guard_now()) {
        int got = poll(&answer, 1, (int)(left * 1e3) + 1);
        if (got > 0 || (got < 0 && errno != EINTR)) return true;
    }
    return false;
}

void guard_give_time(struct guard *g, double seconds)
{
    g->cpu = g->cpu > seconds ? g->cpu - seconds : 0;
    g->wall = g->wall > seconds * GUARD_WALL ? g->wall - seconds * GUARD_WALL : 0;
}

enum status guard_ask_long(struct guard *g)
{
    assert(gettid() == g->maker); /* PR_SET_PDEATHSIG: the child lives no longer than that thread */
    unsigned char answer;
    if (g->failure != STATUS_OK) return status_fail(g->failure, "%s", g->failure_text);
    if (guard_send(g->socket, (unsigned char)g->seconds) && guard_receive(g->socket, &answer))
        return STATUS_OK;
    enum status status = guard_report_exit(g, guard_wait_for(g->child));
    g->child = 0;
    return guard_keep_failure(g, status);
}

enum status guard_ask(struct guard *g)
{
    assert(gettid() == g->maker);
    unsigned char answer;
    if (g->failure != STATUS_OK) return status_fail(g->failure, "%s", g->failure_text);
    double used = guard_used(g), start = guard_now(), left = g->seconds - g->cpu;
    bool sent = guard_send(g->socket, (unsigned char)(left > 0 ? left + 0.999 : 0));
    if (sent && !guard_wait_answer(g, g->seconds * GUARD_WALL - g->wall))
        return guard_kill(g, guard_too_slow(g));
    if (!sent || !guard_receive(g->socket, &answer)) {
        enum status status = guard_report_exit(g, guard_wait_for(g->child));
        g->child = 0;
        return guard_keep_failure(g, status);
    }
    g->cpu += guard_used(g) - used;
    g->wall += guard_now() - start;
    return g->cpu <= g->seconds ? STATUS_OK : guard_kill(g, guard_too_busy(g));
}

enum status guard_check(const struct guard *g)
{
    return g->failure == STATUS_OK ? STATUS_OK : status_fail(g->failure, "%s", g->failure_text);
}

enum status guard_rename(struct guard *g, const char *path)
{
    if (strcmp(g->path, path) == 0) return STATUS_OK;
    char *copy;
    TRY(mem_copy_text(&copy, path));
    mem_free(&g->path);
    g->path = copy;
    g->cpu = g->wall = 0;
    return STATUS_OK;
}

/* The child waits for a request; it ends when its socket is closed. */
void guard_end(struct guard **g)
{
    if (!*g) return;
    if ((*g)->socket >= 0) close((*g)->socket);
    if ((*g)->child > 0) guard_wait_for((*g)->child);
    if ((*g)->room) munmap((*g)->room, (*g)->room_bytes);
    mem_free(&(*g)->path);
    mem_free(g);
}
