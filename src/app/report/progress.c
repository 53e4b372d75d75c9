/* progress.c - the progress bar. */
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
#define LINE_SECONDS   0.2 /* a line takes time through the launcher to the terminal */
#define LINE_SIZE      512
#define BAR_MIN        8
#define BAR_MAX        30

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* log lines may come from other threads */
static int terminal = -1;
static bool drawn;
static double next_draw;

/* A rank is its own process group; the group of its launcher is the job that the shell knows. */
static bool progress_in_foreground(void)
{
    pid_t foreground = tcgetpgrp(terminal);
    return foreground >= 0 && (foreground == getpgrp() || foreground == getpgid(getppid()));
}

/* With `stty tostop`, writing from a background process group would stop the rank. */
static bool progress_may_write(void)
{
    struct termios modes;
    if (!progress_in_foreground()) return false;
    if (tcgetpgrp(terminal) == getpgrp()) return true;
    return tcgetattr(terminal, &modes) == 0 && !(modes.c_lflag & TOSTOP);
}

static void progress_write(const char *text, size_t bytes)
{
    if (write(terminal, text, bytes) >= 0) return;
    close(terminal);
    terminal = -1;
}

static void progress_erase(void)
{
    static const char clear_line[] = "\r\033[K";
    if (drawn && terminal >= 0 && progress_may_write()) progress_write(clear_line, sizeof clear_line - 1);
    drawn = false;
}

static void progress_on_log(bool about_to_write)
{
    pthread_mutex_lock(&mutex);
    if (about_to_write)
        progress_erase();
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
    if (terminal >= 0) log_set_hook(progress_on_log);
}

void progress_close(void)
{
    log_set_hook(NULL);
    progress_erase();
    if (terminal >= 0) close(terminal);
    terminal = -1;
}

static int progress_get_width(void)
{
    struct winsize size;
    if (ioctl(terminal, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col < LINE_SIZE ? size.ws_col : LINE_SIZE;
}

/* Returns where to cut a line that is too long: between two items, because half a number is a different
 * number. */
static int progress_cut(const char *line, int width)
{
    for (int i = width; i > 0; i--)
        if (line[i] == ' ' && line[i + 1] == ' ' && line[i - 1] != ' ') return i;
    return width;
}

/* Writes the line; the bar gets the space that label and text leave. */
static int progress_compose(char line[LINE_SIZE], const char *label, double fraction, const char *text)
{
    int width = progress_get_width() - 1;
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
    return length <= width ? length : progress_cut(line, width);
}

bool progress_draw(const char *label, double fraction, const char *text)
{
    pthread_mutex_lock(&mutex);
    bool visible = terminal >= 0 && progress_may_write();
    double now = clock_seconds();
    if (visible && now >= next_draw) {
        char line[LINE_SIZE], out[LINE_SIZE + 8];
        int length = progress_compose(line, label, fraction, text);
        progress_write(out, (size_t)snprintf(out, sizeof out, "\r%.*s\033[K", length, line));
        drawn = true;
        next_draw = now + REDRAW_SECONDS;
    }
    pthread_mutex_unlock(&mutex);
    return visible;
}
