/* report.c - what a watchdog says. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "comm/watch/private.h"
#include "core/system/process.h"

#define CULPRITS_NAMED 8

#define PHASE_TEXT(name, text, of_step) [ACTIVITY_##name] = (text),
static const char *const phase_texts[ACTIVITY_PHASES] = {ACTIVITY_PHASE_MAP(PHASE_TEXT)};

/* Appends; what does not fit is cut. */
__attribute__((format(printf, 2, 3))) static void add(char text[WATCHDOG_TEXT], const char *format, ...)
{
    size_t used = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + used, WATCHDOG_TEXT - used, format, args);
    va_end(args);
}

static const char *state_text(char state)
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

bool watchdog_is_culprit(const struct watchdog_view *v)
{
    bool cannot = strchr("TtZ", v->state) || v->state == PROCESS_GONE;
    return v->wait == ACTIVITY_WAIT_NONE || cannot;
}

/* The step that the foremost rank is in, from 1. */
static int64_t current_step(const struct watchdog_scene *s)
{
    int64_t most = 0;
    for (int i = 0; i < s->count; i++)
        if (s->views[i].step > most) most = s->views[i].step;
    return most + 1;
}

static void add_wait(char text[WATCHDOG_TEXT], const struct watchdog_scene *s, const struct watchdog_view *v)
{
    switch (v->wait) {
    case ACTIVITY_WAIT_NONE:
        break;
    case ACTIVITY_WAIT_RANK:
        add(text, "for rank %d", s->views[v->wait_index].rank);
        break;
    case ACTIVITY_WAIT_NODE:
        add(text, "for messages of node %d", v->wait_index);
        break;
    case ACTIVITY_WAIT_NODES:
        add(text, "for messages of other nodes");
        break;
    case ACTIVITY_WAIT_ALL:
        add(text, "for all ranks");
        break;
    }
}

static void add_culprit(char text[WATCHDOG_TEXT], const struct watchdog_scene *s,
                        const struct watchdog_view *v)
{
    add(text, "  rank %d (host %s, pid %" PRId64 "): %" PRId64 " steps done, %s", v->rank, s->host, v->pid,
        v->step, phase_texts[v->phase]);
    if (v->wait != ACTIVITY_WAIT_NONE) {
        add(text, ", waiting ");
        add_wait(text, s, v);
    }
    add(text, "%s\n", state_text(v->state));
}

static bool waits_like(const struct watchdog_view *a, const struct watchdog_view *b)
{
    return !watchdog_is_culprit(b) && a->wait == b->wait && a->wait_index == b->wait_index &&
           a->phase == b->phase;
}

/* Ranks next to each other that wait for the same share a line. */
static void add_waiting(char text[WATCHDOG_TEXT], const struct watchdog_scene *s)
{
    for (int i = 0, end; i < s->count; i = end) {
        const struct watchdog_view *v = &s->views[i];
        for (end = i + 1; end < s->count && waits_like(v, &s->views[end]); end++) {
        }
        if (watchdog_is_culprit(v)) {
            end = i + 1;
            continue;
        }
        add(text, end == i + 1 ? "  rank %d" : "  ranks %d-%d", v->rank, s->views[end - 1].rank);
        add(text, end == i + 1 ? " waits " : " wait ");
        add_wait(text, s, v);
        add(text, " (%s)\n", phase_texts[v->phase]);
    }
}

static void add_end(char text[WATCHDOG_TEXT])
{
    add(text, "  the job ends with exit code %d\n", STATUS_WATCHDOG);
}

void watchdog_report_hang(char text[WATCHDOG_TEXT], const struct watchdog_scene *s)
{
    int culprits = 0, named = 0;
    for (int i = 0; i < s->count; i++) culprits += watchdog_is_culprit(&s->views[i]);
    text[0] = '\0';
    add(text, "ddp_train: error: nothing moved for %.4g s (%s): ", s->seconds, s->rule);
    if (culprits > 0)
        add(text, "%d of %d rank%s on host %s did not come along to the end of step %" PRId64 "\n", culprits,
            s->count, s->count == 1 ? "" : "s", s->host, current_step(s));
    else
        add(text, "the ranks of node %d (host %s) wait for others in step %" PRId64 "\n", s->node, s->host,
            current_step(s));
    for (int i = 0; i < s->count && named < CULPRITS_NAMED; i++) {
        if (!watchdog_is_culprit(&s->views[i])) continue;
        add_culprit(text, s, &s->views[i]);
        named++;
    }
    if (culprits > named) add(text, "  and %d more\n", culprits - named);
    add_waiting(text, s);
    add_end(text);
}

void watchdog_report_death(char text[WATCHDOG_TEXT], const struct watchdog_scene *s, int local_rank)
{
    const struct watchdog_view *v = &s->views[local_rank];
    text[0] = '\0';
    add(text, "ddp_train: error: rank %d (host %s, pid %" PRId64 ") died; last step %" PRId64 ", %s\n",
        v->rank, s->host, v->pid, v->step, phase_texts[v->phase]);
}

void watchdog_report_launcher(char text[WATCHDOG_TEXT], const struct watchdog_scene *s)
{
    text[0] = '\0';
    add(text,
        "ddp_train: error: the launcher on host %s died (mpirun, orted or slurmstepd); last step %" PRId64
        "\n",
        s->host, current_step(s) - 1);
}

void watchdog_report_node(char text[WATCHDOG_TEXT], const struct watchdog_scene *s,
                          const struct watchdog_far *far)
{
    text[0] = '\0';
    add(text, "ddp_train: error: node %d (host %s) ", far->node, far->host);
    if (s->seconds > 0)
        add(text, "does not answer for %.3g s", s->seconds);
    else
        add(text, "ended without a word");
    if (far->other) add(text, ", nor does host %s: host %s may be cut off", far->other, s->host);
    add(text, "; last step %" PRId64 "\n", current_step(s) - 1);
    add_end(text);
}
