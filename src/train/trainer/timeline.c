/* timeline.c - writes recorded events of all ranks. */
#include "train/trainer/timeline.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "core/log.h"
#include "core/mem.h"
#include "core/system/trace.h"
#include "train/trainer/private.h"

#define EVENT_TEXT 192 /* bytes, more than any event takes */
#define HEAD_TEXT  640 /* names of process and thread */

/* Events of a step besides those of layers (forward, backward, send): phases and waits. */
#define EVENTS_PER_PASS 16
#define EVENTS_PER_STEP 64

struct timeline {
    struct comm *comm;
    struct trainer *trainer;
    const char *path;
    char *temporary; /* rank 0 */
    FILE *out;       /* rank 0 */
    int64_t first, end;
    bool started, finished;
    double origin; /* this rank's clock at 0 */
};

/* Memory for events is allocated for the maximum number of events of a step. */
int64_t timeline_room(const struct trainer *t, int64_t steps)
{
    int64_t passes = t->info.leaves / comm_size(t->comm) + 1;
    int64_t per_layer = model_totals(t->model) > 0 ? 5 : 3; /* a pass goes on once more behind each sum */
    return steps * (passes * (per_layer * model_layer_count(t->model) + EVENTS_PER_PASS) + EVENTS_PER_STEP);
}

/* Rank 0. Opens the file before the run, so that an error is reported early. */
static enum status timeline_open_file(struct timeline *tl)
{
    size_t size = strlen(tl->path) + 32;
    TRY(mem_alloc(&tl->temporary, size, 1, "file name"));
    snprintf(tl->temporary, size, "%s.tmp.%ld", tl->path, (long)getpid());
    tl->out = fopen(tl->temporary, "w");
    if (tl->out) return STATUS_OK;
    return status_fail(STATUS_OTHER, "%s: cannot be written: %s", tl->path, strerror(errno));
}

static enum status timeline_start(struct timeline *tl, struct trainer *t)
{
    struct comm *comm = tl->comm;
    TRY(comm_agree(comm, trace_create(timeline_room(t, tl->end - tl->first))));
    TRY(comm_agree(comm, comm_rank(comm) == 0 ? timeline_open_file(tl) : STATUS_OK));

    double start = comm_rank(comm) == 0 ? clock_seconds() : 0;
    double offset = comm_clock_offset(comm);
    comm_merge_doubles(comm, &start, 1);
    tl->origin = start - offset;
    tl->trainer = t;
    t->timeline = tl;
    return STATUS_OK;
}

void timeline_destroy(struct timeline **timeline)
{
    struct timeline *tl = *timeline;
    if (!tl) return;
    if (tl->trainer) tl->trainer->timeline = NULL;
    if (tl->out) {
        fclose(tl->out);
        unlink(tl->temporary);
    }
    mem_free(&tl->temporary);
    mem_free(timeline);
    trace_destroy();
}

enum status timeline_create(struct timeline **out, struct trainer *t, const char *path, int64_t first,
                            int64_t count)
{
    enum status status = comm_agree(t->comm, mem_alloc(out, 1, sizeof **out, "timeline"));
    if (status == STATUS_OK) {
        **out = (struct timeline){.comm = t->comm, .path = path, .first = first, .end = first + count};
        status = timeline_start(*out, t);
    }
    if (status != STATUS_OK) timeline_destroy(out);
    return status;
}

/* JSON text in a buffer that is large enough. */
struct text {
    char *at;
    size_t left;
};

static void __attribute__((format(printf, 2, 3))) timeline_append(struct text *t, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(t->at, t->left, format, arguments);
    va_end(arguments);
    assert(length >= 0 && (size_t)length < t->left);
    t->at += length;
    t->left -= (size_t)length;
}

static void timeline_append_heads(struct text *t, const struct comm *c)
{
    struct utsname system;
    char host[128] = "";
    if (uname(&system) == 0) snprintf(host, sizeof host, "%.127s", system.nodename);
    for (char *s = host; *s; s++)
        if (!isalnum((unsigned char)*s) && *s != '.' && *s != '-') *s = '_'; /* need not be escaped */
    int node = comm_node(c), rank = comm_rank(c);
    if (comm_local_rank(c) == 0)
        timeline_append(
            t,
            ",\n{\"ph\": \"M\", \"name\": \"process_name\", \"pid\": %d, \"args\": {\"name\": \"node %d "
            "(%s)\"}}",
            node, node, host);
    timeline_append(
        t,
        ",\n{\"ph\": \"M\", \"name\": \"thread_name\", \"pid\": %d, \"tid\": %d, \"args\": {\"name\": "
        "\"rank %d\"}}",
        node, rank, rank);
}

static void timeline_append_event(struct text *t, const struct timeline *tl, const struct trace_event *e)
{
    static const char *const categories[] = {"step", "phase", "layer", "layer", "wait"};
    timeline_append(t, ",\n{\"ph\": \"X\", \"cat\": \"%s\", \"name\": \"%s", categories[e->kind], e->name);
    if (e->kind == TRACE_FORWARD) timeline_append(t, " %d forward", e->index);
    if (e->kind == TRACE_BACKWARD) timeline_append(t, " %d backward", e->index);
    if (e->kind == TRACE_STEP) timeline_append(t, " %d", e->index);
    timeline_append(t, "\", \"pid\": %d, \"tid\": %d, \"ts\": %.3f, \"dur\": %.3f}", comm_node(tl->comm),
                    comm_rank(tl->comm), (e->start - tl->origin) * 1e6, (e->end - e->start) * 1e6);
}

/* Formats the events of this rank as JSON list members, each after a comma. */
static enum status timeline_format_events(const struct timeline *tl, char **text)
{
    int64_t count;
    const struct trace_event *events = trace_events(&count);
    size_t size = HEAD_TEXT + (size_t)count * EVENT_TEXT;
    TRY(mem_alloc(text, size, 1, "text of the timeline"));
    struct text t = {*text, size};
    timeline_append_heads(&t, tl->comm);
    for (int64_t i = 0; i < count; i++) timeline_append_event(&t, tl, &events[i]);
    return STATUS_OK;
}

static void timeline_write_rank(void *self, const char *text)
{
    fputs(text, ((struct timeline *)self)->out);
}

/* Rank 0: gives the file its name. */
static enum status timeline_commit(struct timeline *tl)
{
    fputs("\n]}\n", tl->out);
    bool failed = ferror(tl->out) != 0;
    FILE *out = tl->out;
    tl->out = NULL;
    if (fclose(out) == 0 && !failed && rename(tl->temporary, tl->path) == 0) return STATUS_OK;
    int code = errno;
    unlink(tl->temporary);
    return status_fail(STATUS_OTHER, "%s: cannot be written: %s", tl->path, strerror(code));
}

static enum status timeline_save(struct timeline *tl)
{
    char *text = NULL;
    enum status status = comm_agree(tl->comm, timeline_format_events(tl, &text));
    if (comm_rank(tl->comm) == 0)
        fprintf(tl->out,
                "{\"displayTimeUnit\": \"ms\", \"traceEvents\": [\n{\"ph\": \"M\", \"name\": \"trace\", "
                "\"args\": {\"lost\": %lld}}",
                (long long)trace_lost());
    if (status == STATUS_OK) status = comm_gather_text(tl->comm, text, timeline_write_rank, tl);
    if (status == STATUS_OK)
        status = comm_agree(tl->comm, comm_rank(tl->comm) == 0 ? timeline_commit(tl) : STATUS_OK);
    mem_free(&text);
    return status;
}

void timeline_finish(struct timeline *tl)
{
    if (tl->finished) return;
    tl->finished = true;
    trace_stop();
    if (!tl->started)
        log_warn("%s: not written, no step of its window was reached", tl->path);
    else if (timeline_save(tl) != STATUS_OK)
        log_warn("%s", status_text());
    else
        log_info("the timeline is in %s (open it in ui.perfetto.dev)", tl->path);
}

void timeline_before_step(struct timeline *tl, int64_t step)
{
    if (!tl->started && step >= tl->first && step < tl->end) {
        tl->started = true;
        trace_start();
    }
    if (step >= tl->end) timeline_finish(tl);
}
