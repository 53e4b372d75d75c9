/* watch.c - follows a run in the terminal. */
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "app/cli/commands/commands.h"
#include "app/cli/output.h"
#include "app/runs/follow.h"
#include "core/system/stop.h"

#define PAUSE_NANOSECONDS 500000000
#define WIDTH             80 /* of a terminal that does not say */

static int watch_width(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : WIDTH;
}

/* On a terminal the picture is drawn over the one before; elsewhere every epoch is a line. */
struct watch_view {
    bool terminal, colours;
    int lines; /* of the picture */
    int64_t epoch;
};

static void watch_show(struct watch_view *v, const struct follow *f)
{
    if (!v->terminal) {
        follow_print_epochs(f, v->epoch, stdout);
        v->epoch = f->summary.epoch;
        return;
    }
    if (v->lines) printf("\033[%dA\033[J", v->lines);
    v->lines = follow_print(f, stdout, watch_width(), v->colours);
}

static enum status watch_once(struct watch_view *v, const char *folder, enum run_state *state)
{
    struct follow f;
    enum status status = follow_read(&f, folder);
    *state = f.summary.state;
    if (status == STATUS_OK) watch_show(v, &f);
    follow_free(&f);
    return status == STATUS_OK ? output_flush() : status;
}

enum status cmd_watch(struct comm *comm, struct arguments *a)
{
    (void)comm;
    const char *folder = a->words[0], *none = getenv("NO_COLOR");
    struct watch_view view = {.terminal = isatty(STDOUT_FILENO) != 0};
    view.colours = view.terminal && !(none && *none); /* https://no-color.org */
    enum run_state state = RUN_RUNNING;
    if (!summary_is_run(folder))
        return status_fail(STATUS_CONFIG, "%s: is no run directory; 'ddp_train runs' lists those in runs/",
                           folder);
    while (state == RUN_RUNNING) {
        TRY(watch_once(&view, folder, &state));
        TRY(stop_asked());
        if (state == RUN_RUNNING) nanosleep(&(struct timespec){.tv_nsec = PAUSE_NANOSECONDS}, NULL);
    }
    if (!view.terminal) printf("%s\n", summary_state_name(state));
    return output_flush();
}
