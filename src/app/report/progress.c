#include "app/report/progress.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "core/system/clock.h"
#include "core/log.h"

#define REDRAW_SECONDS 0.1
#define LINE_SECONDS   0.2 /* a line travels through the launcher before it reaches the terminal */
#define LINE_SIZE      512
#define BAR_MIN        8
#define BAR_MAX        30

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* log lines may come from other threads */
static int terminal = -1;
static bool drawn;
static double next_draw;

/* A rank is a process group of its own, its launcher's group is the job that the shell knows. */
static bool in_foreground(void)
{
    pid_t foreground = tcgetpgrp(terminal);
    return foreground >= 0 && (foreground == getpgrp() || foreground == getpgid(getppid()));
}

/* With `stty tostop` a write from a group that is not in the foreground would stop the rank. */
static bool may_write(void)
{
    struct termios modes;
    if (!in_foreground()) return false;
    if (tcgetpgrp(terminal) == getpgrp()) return true;
    return tcgetattr(terminal, &modes) == 0 && !(modes.c_lflag & TOSTOP);
}

static void put(const char *text, size_t bytes)
{
    if (write(terminal, text, bytes) >= 0) return;
    close(terminal);
    terminal = -1;
}

static void erase(void)
{
    static const char clear_line[] = "\r\033[K";
    if (drawn && terminal >= 0 && may_write()) put(clear_line, sizeof clear_line - 1);
    drawn = false;
}

static void step_aside(bool about_to_write)
{
    pthread_mutex_lock(&mutex);
    if (about_to_write)
        erase();
    else
        next_draw = clock_seconds() + LINE_SECONDS;
    pthread_mutex_unlock(&mutex);
}

void progress_open(void)
{
    const char *kind = getenv("TERM");
    if (!kind || strcmp(kind, "dumb") == 0) return;
    bool launched = getenv("OMPI_COMM_WORLD_SIZE") || getenv("PMI_SIZE");
    if (launched)
        terminal = open("/dev/tty", O_WRONLY | O_NOCTTY | O_CLOEXEC);
    else if (isatty(STDOUT_FILENO))
        terminal = dup(STDOUT_FILENO);
    if (terminal >= 0) log_set_hook(step_aside);
}

void progress_close(void)
{
    log_set_hook(NULL);
    erase();
    if (terminal >= 0) close(terminal);
    terminal = -1;
}

static int terminal_width(void)
{
    struct winsize size;
    if (ioctl(terminal, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col < LINE_SIZE ? size.ws_col : LINE_SIZE;
}

/* Where a line that is too long ends: between two items, because half a number reads as another one. */
static int cut(const char *line, int width)
{
    for (int i = width; i > 0; i--)
        if (line[i] == ' ' && line[i + 1] == ' ' && line[i - 1] != ' ') return i;
    return width;
}

/* The bar takes what label and text leave. */
static int compose(char line[LINE_SIZE], const char *label, double fraction, const char *text)
{
    int width = terminal_width() - 1;
    int bar = width - (int)(strlen(label) + strlen(text)) - 12;
    if (bar > BAR_MAX) bar = BAR_MAX;
    if (bar < BAR_MIN) bar = BAR_MIN;
    int filled = (int)(fraction * bar);
    char picture[BAR_MAX + 4] = "";
    memset(picture, ' ', (size_t)bar + 2);
    memset(picture + 1, '=', (size_t)filled);
    if (filled < bar) picture[1 + filled] = '>';
    picture[0] = '[';
    picture[bar + 1] = ']';
    int length = snprintf(line, LINE_SIZE, "%s %s %3.0f %%  %s", label, picture, 100 * fraction, text);
    return length <= width ? length : cut(line, width);
}

bool progress_draw(const char *label, double fraction, const char *text)
{
    pthread_mutex_lock(&mutex);
    bool visible = terminal >= 0 && may_write();
    double now = clock_seconds();
    if (visible && now >= next_draw) {
        char line[LINE_SIZE], out[LINE_SIZE + 8];
        int length = compose(line, label, fraction, text);
        put(out, (size_t)snprintf(out, sizeof out, "\r%.*s\033[K", length, line));
        drawn = true;
        next_draw = now + REDRAW_SECONDS;
    }
    pthread_mutex_unlock(&mutex);
    return visible;
}
