/* report.c - the lines that a watchdog prints. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "comm/watch/private.h"
#include "core/system/process.h"

#define MAX_NAMED 8 /* blocking ranks in a report */

#define PHASE_TEXT(name, text, in_every_step) [ACTIVITY_##name] = (text),
static const char *const phase_texts[ACTIVITY_PHASES] = {ACTIVITY_PHASE_MAP(PHASE_TEXT)};

/* What does not fit is cut. */
__attribute__((format(printf, 2, 3))) static void append_report(char text[WATCHDOG_TEXT], const char *format,
                                                                ...)
{
    size_t used = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + used, WATCHDOG_TEXT - used, format, args);
    va_end(args);
}

static const char *describe_state(char state)
{
    switch (state) {
    case 'T':
    case 't':
        return "; its process is stopped (state T)";
    case 'D':
        return "; its process is stuck in the kernel, as on a device or a network file system (state D)";
    case 'Z':
        return "; its process has died (state Z)";
    case PROCESS_GONE:
        return "; its process is gone";
    default:
        return "";
    }
}

bool watchdog_is_blocking(const struct watchdog_view *v)
{
    bool cannot = strchr("TtZ", v->state) || v->state == PROCESS_GONE;
    return v->wait == ACTIVITY_WAIT_NONE || cannot;
}

/* Returns the step, from 1, that the rank with the most steps is in. */
static int64_t find_current_step(const struct watchdog_scene *s)
{
    int64_t max = 0;
    for (int i = 0; i < s->count; i++)
        if (s->views[i].step > max) max = s->views[i].step;
    return max + 1;
}

static void append_wait(char text[WATCHDOG_TEXT], const struct watchdog_scene *s,
                        const struct watchdog_view *v)
{
    switch (v->wait) {
    case ACTIVITY_WAIT_NONE:
        break;
    case ACTIVITY_WAIT_RANK:
        append_report(text, "for rank %d", s->views[v->wait_index].rank);
        break;
    case ACTIVITY_WAIT_NODE:
        append_report(text, "for messages of node %d", v->wait_index);
        break;
    case ACTIVITY_WAIT_NODES:
        append_report(text, "for messages of other nodes");
        break;
    case ACTIVITY_WAIT_ALL:
        append_report(text, "for all ranks");
        break;
    }
}

static void append_blocking(char text[WATCHDOG_TEXT], const struct watchdog_scene *s,
                            const struct watchdog_view *v)
{
    append_report(text, "  rank %d (host %s, pid %" PRId64 "): %" PRId64 " steps done, %s", v->rank, s->host,
                  v->pid, v->step, phase_texts[v->phase]);
    if (v->wait != ACTIVITY_WAIT_NONE) {
        append_report(text, ", waiting ");
        append_wait(text, s, v);
    }
    append_report(text, "%s\n", describe_state(v->state));
}

static bool have_same_wait(const struct watchdog_view *a, const struct watchdog_view *b)
{
    return !watchdog_is_blocking(b) && a->wait == b->wait && a->wait_index == b->wait_index &&
           a->phase == b->phase;
}

/* Consecutive ranks that wait for the same thing share a line. */
static void append_waiting(char text[WATCHDOG_TEXT], const struct watchdog_scene *s)
{
    for (int i = 0, end; i < s->count; i = end) {
        const struct watchdog_view *v = &s->views[i];
        for (end = i + 1; end < s->count && have_same_wait(v, &s->views[end]); end++) {
        }
        if (watchdog_is_blocking(v)) {
            end = i + 1;
            continue;
        }
        append_report(text, end == i + 1 ? "  rank %d" : "  ranks %d-%d", v->rank, s->views[end - 1].rank);
        append_report(text, end == i + 1 ? " waits " : " wait ");
        append_wait(text, s, v);
        append_report(text, " (%s)\n", phase_texts[v->phase]);
    }
}

static void append_end(char text[WATCHDOG_TEXT])
{
    append_report(text, "  the job ends with exit code %d\n", STATUS_WATCHDOG);
}

void watchdog_report_hang(char text[WATCHDOG_TEXT], const struct watchdog_scene *s)
{
    int blocking = 0, named = 0;
    for (int i = 0; i < s->count; i++) blocking += watchdog_is_blocking(&s->views[i]);
    text[0] = '\0';
    append_report(text, "ddp_train: error: no progress for %.4g s (%s): ", s->seconds, s->rule);
    if (blocking > 0)
        append_report(text, "%d of %d rank%s on host %s did not finish step %" PRId64 "\n", blocking,
                      s->count, s->count == 1 ? "" : "s", s->host, find_current_step(s));
    else
        append_report(text, "the ranks of node %d (host %s) wait for other nodes in step %" PRId64 "\n",
                      s->node, s->host, find_current_step(s));
    for (int i = 0; i < s->count && named < MAX_NAMED; i++) {
        if (!watchdog_is_blocking(&s->views[i])) continue;
        append_blocking(text, s, &s->views[i]);
        named++;
    }
    if (blocking > named) append_report(text, "  and %d more\n", blocking - named);
    append_waiting(text, s);
    append_report(text, "  if this can take longer in a healthy run, raise sync.timeout\n");
    append_end(text);
}

void watchdog_report_exit(char text[WATCHDOG_TEXT], const struct watchdog_scene *s, int local_rank)
{
    const struct watchdog_view *v = &s->views[local_rank];
    text[0] = '\0';
    append_report(text,
                  "ddp_train: error: rank %d (host %s, pid %" PRId64 ") died; last step %" PRId64 ", %s\n",
                  v->rank, s->host, v->pid, v->step, phase_texts[v->phase]);
}

void watchdog_report_launcher(char text[WATCHDOG_TEXT], const struct watchdog_scene *s)
{
    text[0] = '\0';
    append_report(
        text,
        "ddp_train: error: the launcher on host %s died (mpirun, orted or slurmstepd); last step %" PRId64
        "\n",
        s->host, find_current_step(s) - 1);
}

void watchdog_report_node(char text[WATCHDOG_TEXT], const struct watchdog_scene *s,
                          const struct watchdog_lost_node *lost)
{
    text[0] = '\0';
    append_report(text, "ddp_train: error: node %d (host %s) ", lost->node, lost->host);
    if (s->seconds > 0)
        append_report(text, "has not answered for %.3g s", s->seconds);
    else
        append_report(text, "closed its connection: its ranks have ended");
    if (lost->other_host)
        append_report(text, ", nor has host %s: host %s may be cut off from the network", lost->other_host,
                      s->host);
    append_report(text, "; last step %" PRId64 "\n", find_current_step(s) - 1);
    append_end(text);
}
