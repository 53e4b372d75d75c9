/* trace.h - records when this rank did what: steps, phases, layers and waits, for a timeline or a table.
 *
 * Off until trace_start; a hook then costs one predictable branch. When on, it costs one clock reading per
 * event and allocates no memory. A hook is
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
    const char *name;  /* static text of letters, digits and spaces */
    double start, end; /* clock_seconds */
};

/* Allocates room for `capacity` events, and frees it. Errors: STATUS_OTHER, memory. */
enum status trace_create(int64_t capacity);
void trace_destroy(void);

/* Clears the events and starts recording; stops recording. */
void trace_start(void);
void trace_stop(void);

/* Pauses recording, returning whether it was on, and resumes it. */
bool trace_pause(void);
void trace_resume(bool was_on);

/* Returns the recorded events, in the order of their ends, and the number of events that did not fit. */
const struct trace_event *trace_events(int64_t *count);
int64_t trace_lost(void);

extern bool trace_on;
double trace_record(double start, enum trace_kind kind, const char *name, int64_t index);

static inline double trace_begin(void)
{
    return __builtin_expect(trace_on, 0) ? clock_seconds() : 0;
}

/* Returns the end time, for a next event that begins there. */
static inline double trace_end(double start, enum trace_kind kind, const char *name, int64_t index)
{
    return __builtin_expect(trace_on, 0) ? trace_record(start, kind, name, index) : 0;
}

#endif
