/* What the kernel says of its host, and of processes: this one, and children that wait, are stopped, have
 * died and are gone. */
#include <signal.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "core/system/process.h"

/* The child's state, once it is `wanted`, at the latest after 10 s. */
static char state_when(char wanted, pid_t child, uint64_t start_time)
{
    char state = process_state(child, start_time);
    for (int i = 0; i < 1000 && state != wanted; i++) {
        usleep(10000);
        state = process_state(child, start_time);
    }
    return state;
}

static void check_host(void)
{
    struct utsname names;
    char host[PROCESS_HOST_SIZE], zeros[PROCESS_HOST_SIZE] = "";
    memset(host, 'x', sizeof host);
    process_host(host);
    CHECK(uname(&names) == 0 && sizeof names.nodename <= sizeof host);
    CHECK(strlen(host) > 0 && strcmp(host, names.nodename) == 0);
    CHECK(memcmp(host + strlen(host), zeros, sizeof host - strlen(host)) == 0);
}

static void test_own(void)
{
    CHECK(process_state(getpid(), process_start_time(getpid())) == 'R');
    CHECK(process_state(getpid(), process_start_time(getpid()) + 1) == PROCESS_GONE); /* another one of old */
}

static void test_child(void)
{
    pid_t child = fork();
    if (child == 0)
        for (;;) pause();
    uint64_t started = process_start_time(child);
    CHECK(started >= process_start_time(getpid()) && started > 0);
    CHECK(state_when('S', child, started) == 'S');
    kill(child, SIGSTOP);
    CHECK(state_when('T', child, started) == 'T');
    kill(child, SIGKILL);
    CHECK(state_when('Z', child, started) == 'Z');
    waitpid(child, NULL, 0);
    CHECK(process_state(child, started) == PROCESS_GONE);
    CHECK(process_start_time(child) == 0);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(check_host());
    CHECK_CASE(test_own());
    CHECK_CASE(test_child());
    return check_result();
}
