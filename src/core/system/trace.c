/* trace.c - records what this rank does when. */
#include "core/system/trace.h"

#include "core/mem.h"

bool trace_on;

static struct trace_event *events;
static int64_t capacity, recorded, lost;

enum status trace_create(int64_t room)
{
    trace_destroy();
    TRY(mem_alloc(&events, (size_t)room, sizeof *events, "events of the timeline"));
    capacity = room;
    return STATUS_OK;
}

void trace_destroy(void)
{
    trace_on = false;
    mem_free(&events);
    capacity = recorded = lost = 0;
}

void trace_start(void)
{
    recorded = lost = 0;
    trace_on = true;
}

void trace_stop(void)
{
    trace_on = false;
}

bool trace_pause(void)
{
    bool was_on = trace_on;
    trace_on = false;
    return was_on;
}

void trace_resume(bool was_on)
{
    trace_on = was_on;
}

const struct trace_event *trace_events(int64_t *count)
{
    *count = recorded;
    return events;
}

int64_t trace_lost(void)
{
    return lost;
}

double trace_record(double start, enum trace_kind kind, const char *name, int64_t index)
{
    double end = clock_seconds();
    if (start <= 0) return end; /* began before trace_start */
    if (recorded == capacity)
        lost++;
    else
        events[recorded++] = (struct trace_event){kind, (int32_t)index, name, start, end};
    return end;
}
