/* trace.h - what this rank did when: steps, phases, layers and waits, for a timeline or a table.
 *
 * Off unless trace_start was called; then a hook costs one predictable branch. On, it costs one reading of the
 * clock per event, and no memory is allocated. A hook is
 *
 *   double start = trace_begin();
 *   ...
 *   trace_end(start, TRACE_PHASE, "data", 0);
 *
 * There is one recorder per process, for the thread that runs the steps. Local functions. */
#ifndef CORE_SYSTEM_TRACE_H
#define CORE_SYSTEM_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/system/clock.h"
#include "core/status.h"

enum trace_kind {
    TRACE_STEP,     /* index: the step, from 0 */
    TRACE_PHASE,    /* of a step, by name */
    TRACE_FORWARD,  /* of a layer; name: its kind, index: its place in the model */
    TRACE_BACKWARD, /* the same */
    TRACE_WAIT,     /* for other ranks */
};

struct trace_event {
    enum trace_kind kind;
    int32_t index;
    const char *name;  /* text that lasts as long as the program, of letters, digits and spaces */
    double start, end; /* clock_seconds */
};

/* Room for so many events, and its end. Errors: STATUS_OTHER, memory. */
enum status trace_create(int64_t capacity);
void trace_destroy(void);

/* Forgets what was recorded and records; stops recording. */
void trace_start(void);
void trace_stop(void);

/* Between these nothing is recorded; for what would fill the room and is not wanted. */
bool trace_pause(void);
void trace_resume(bool was_on);

/* What was recorded, in the order of the events' ends, and how many events found no room. */
const struct trace_event *trace_events(int64_t *count);
int64_t trace_lost(void);

extern bool trace_on;
double trace_record(double start, enum trace_kind kind, const char *name, int64_t index);

static inline double trace_begin(void)
{
    return __builtin_expect(trace_on, 0) ? clock_seconds() : 0;
}

/* Returns the end, for a next event that begins there. */
static inline double trace_end(double start, enum trace_kind kind, const char *name, int64_t index)
{
    return __builtin_expect(trace_on, 0) ? trace_record(start, kind, name, index) : 0;
}

#endif
