#include "core/system/stop.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "core/system/clock.h"

static void check_duration(const char *text, int64_t want)
{
    int64_t seconds = -1;
    CHECK_STATUS(clock_parse_duration(text, &seconds), STATUS_OK);
    CHECK(seconds == want);
    if (seconds != want) fprintf(stderr, "  '%s' is %lld\n", text, (long long)seconds);
}

static void test_durations(void)
{
    check_duration("90s", 90);
    check_duration("55m", 55 * 60);
    check_duration("2h30m", 9000);
    check_duration("1d12h", 36 * 3600);
    check_duration("1d2h3m4s", 93784);
    check_duration("90m30s", 5430);
    check_duration("999999999d", 999999999LL * 86400);
    check_duration("01:30", 90);
    check_duration("120:00", 7200);
    check_duration("00:00:01", 1);
    check_duration("2:30:00", 9000);
    check_duration("48:00:00", 48 * 3600);
    check_duration("1-12:00:00", 36 * 3600);
    check_duration("0-23:59:59", 86399);
}

static void test_no_durations(void)
{
    static const char *const bad[] = {"",
                                      " ",
                                      "5",
                                      "90",
                                      "1.5h",
                                      "-5s",
                                      "5 s",
                                      " 5s",
                                      "5s ",
                                      "5S",
                                      "5x",
                                      "s",
                                      "h5",
                                      "5ms",
                                      "30m2h",
                                      "5s5s",
                                      "2h30",
                                      "1w",
                                      "1:2",
                                      "01:60",
                                      ":30",
                                      "30:",
                                      "1:00:60",
                                      "1:60:00",
                                      "1:00:00:00",
                                      "1-1:00:00:01:00:00:01:00:00:01:00:00:01:00:00:00",
                                      "1-24:00:00",
                                      "1-12:00",
                                      "1-12",
                                      "-1:00:00",
                                      "1--1:00:00",
                                      "1-1-1:00:00",
                                      "1:000",
                                      "0s",
                                      "00:00",
                                      "0-00:00:00",
                                      "1000000000s",
                                      "99999999999999999999:00",
                                      "1h:30",
                                      "nan",
                                      "1:30s",
                                      "\xc2\xbd"
                                      "h",
                                      "1:+1",
                                      "UNLIMITED"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t seconds;
        CHECK_STATUS(clock_parse_duration(bad[i], &seconds), STATUS_CONFIG);
        CHECK(strstr(status_text(), bad[i]) != NULL);
    }
}

/* The exit code of a child that runs `body`, or minus the signal that killed it. */
static int in_child(int (*body)(void))
{
    fflush(stderr);
    pid_t child = fork();
    if (child == 0) _exit(body());
    int end;
    CHECK(child > 0 && waitpid(child, &end, 0) == child);
    return WIFSIGNALED(end) ? -WTERMSIG(end) : WEXITSTATUS(end);
}

static bool is_asked(enum status want, const char *name)
{
    return stop_asked() == want && strcmp(status_text(), name) == 0;
}

static int quiet(void)
{
    stop_catch();
    return stop_asked() != STATUS_OK;
}

static int each_signal_is_named(void)
{
    static const struct {
        int number;
        enum status status;
        const char *name;
    } all[] = {{SIGTERM, STATUS_REQUEUE, "SIGTERM"},
               {SIGUSR1, STATUS_REQUEUE, "SIGUSR1"},
               {SIGUSR2, STATUS_REQUEUE, "SIGUSR2"},
               {SIGINT, STATUS_INTERRUPTED, "SIGINT"}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        pid_t child = fork();
        if (child == 0) {
            stop_catch();
            raise(all[i].number);
            _exit(!is_asked(all[i].status, all[i].name) || !is_asked(all[i].status, all[i].name));
        }
        int end;
        if (waitpid(child, &end, 0) != child || !WIFEXITED(end) || WEXITSTATUS(end) != 0) return 1 + (int)i;
    }
    return 0;
}

/* The first one counts, and repeats of it change nothing. */
static int first_is_kept(void)
{
    stop_catch();
    raise(SIGUSR1);
    for (int i = 0; i < 5; i++) raise(SIGTERM);
    raise(SIGUSR1);
    return !is_asked(STATUS_REQUEUE, "SIGUSR1");
}

static int interrupt_counts_more(void)
{
    stop_catch();
    raise(SIGTERM);
    raise(SIGINT);
    raise(SIGTERM);
    return !is_asked(STATUS_INTERRUPTED, "SIGINT");
}

static int second_interrupt(void)
{
    stop_catch();
    raise(SIGINT);
    raise(SIGINT);
    return 1;
}

static int uncaught(void)
{
    raise(SIGTERM);
    return 1;
}

static int ignored_before(void)
{
    signal(SIGINT, SIG_IGN);
    stop_catch();
    raise(SIGINT);
    raise(SIGINT);
    if (stop_asked() != STATUS_OK) return 1;
    raise(SIGUSR1);
    return !is_asked(STATUS_REQUEUE, "SIGUSR1");
}

/* A system call that a signal meets goes on: files that are being read must not fail. */
static int reading_goes_on(void)
{
    int ends[2];
    char byte = 0;
    stop_catch();
    if (pipe(ends) != 0) return 1;
    pid_t reader = getpid();
    if (fork() == 0) {
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
        kill(reader, SIGUSR2);
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
        _exit(write(ends[1], "x", 1) != 1);
    }
    ssize_t got = read(ends[0], &byte, 1);
    wait(NULL);
    return got != 1 || byte != 'x' || !is_asked(STATUS_REQUEUE, "SIGUSR2");
}

static int time_is_over(void)
{
    clock_start();
    stop_limit(1);
    if (stop_asked() != STATUS_OK) return 1;
    while (clock_age() < 1) nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    if (!is_asked(STATUS_REQUEUE, "train.max_time")) return 2;
    stop_catch();
    raise(SIGINT); /* the name of a signal says more */
    return !is_asked(STATUS_INTERRUPTED, "SIGINT");
}

static void check_child(int (*body)(void), int expected)
{
    CHECK(in_child(body) == expected);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_durations());
    CHECK_CASE(test_no_durations());
    CHECK_CASE_OF("quiet", check_child(quiet, 0));
    CHECK_CASE_OF("each_signal_is_named", check_child(each_signal_is_named, 0));
    CHECK_CASE_OF("first_is_kept", check_child(first_is_kept, 0));
    CHECK_CASE_OF("interrupt_counts_more", check_child(interrupt_counts_more, 0));
    CHECK_CASE_OF("second_interrupt", check_child(second_interrupt, STATUS_INTERRUPTED));
    CHECK_CASE_OF("uncaught", check_child(uncaught, -SIGTERM));
    CHECK_CASE_OF("ignored_before", check_child(ignored_before, 0));
    CHECK_CASE_OF("reading_goes_on", check_child(reading_goes_on, 0));
    CHECK_CASE_OF("time_is_over", check_child(time_is_over, 0));
    return check_result();
}
