/* stop.c - signals and the time limit of a run. */
#include "core/system/stop.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "core/system/clock.h"

#define CAUSE_SIZE 128

static const struct {
    int number;
    const char *name;
} caught[] = {{SIGTERM, "SIGTERM"}, {SIGUSR1, "SIGUSR1"}, {SIGUSR2, "SIGUSR2"}, {SIGINT, "SIGINT"}};
#define CAUGHT (sizeof caught / sizeof *caught)

static volatile sig_atomic_t noted; /* number of the signal, 0 = none */
static int64_t limit;               /* seconds, 0 = none */

/* Keeps the first signal, but SIGINT from the terminal takes precedence. */
static void stop_on_signal(int number)
{
    if (number == SIGINT && noted == SIGINT) _exit(STATUS_INTERRUPTED);
    if (number == SIGINT || !noted) noted = number;
}

static void stop_mask_signals(int how)
{
    sigset_t all;
    sigemptyset(&all);
    for (size_t i = 0; i < CAUGHT; i++) sigaddset(&all, caught[i].number);
    sigprocmask(how, &all, NULL);
}

void stop_block(void)
{
    stop_mask_signals(SIG_BLOCK);
}

void stop_unblock(void)
{
    stop_mask_signals(SIG_UNBLOCK);
}

void stop_catch(void)
{
    struct sigaction action = {.sa_handler = stop_on_signal, .sa_flags = SA_RESTART}, before;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < CAUGHT; i++) sigaddset(&action.sa_mask, caught[i].number);
    for (size_t i = 0; i < CAUGHT; i++) {
        sigaction(caught[i].number, NULL, &before);
        if (before.sa_handler != SIG_IGN) sigaction(caught[i].number, &action, NULL);
    }
    /* Writing to a closed pipe (a dead launcher, `head`) must not kill a training: the run directory has
     * everything. */
    signal(SIGPIPE, SIG_IGN);
    stop_unblock();
}

void stop_limit(int64_t seconds)
{
    limit = seconds;
}

enum status stop_asked(void)
{
    int number = (int)noted;
    for (size_t i = 0; number && i < CAUGHT; i++)
        if (caught[i].number == number)
            return status_fail(number == SIGINT ? STATUS_INTERRUPTED : STATUS_REQUEUE, "%s", caught[i].name);
    if (limit && clock_age() >= (double)limit) return status_fail(STATUS_REQUEUE, "train.max_time");
    return STATUS_OK;
}

enum status stop_unsaved(enum status status, const char *when)
{
    char cause[CAUSE_SIZE];
    if (!status_is_stop(status)) return status;
    snprintf(cause, sizeof cause, "%s", status_text());
    return status_fail(status, "%s %s: nothing to save; start again with --resume auto", cause, when);
}
