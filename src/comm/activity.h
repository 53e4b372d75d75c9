/* activity.h - what the main thread of a rank is doing, for the watchdog to read.
 *
 * The main thread records how many steps are done, in which phase it is and what it waits for. The watchdogs
 * of its node (watch/watchdog.h) read that in shared memory. Recording costs a few plain stores; without a
 * watchdog the values are stored where no thread reads them. There is one record per process. Local
 * functions, for the main thread. */
#ifndef COMM_ACTIVITY_H
#define COMM_ACTIVITY_H

#include <stdatomic.h>
#include <stdint.h>

#include "core/mem.h"

/* Name, text in a report, and whether every step has this phase. */
#define ACTIVITY_PHASE_MAP(X)                                                                                \
    X(STARTING, "starting", false)                                                                           \
    X(LOADING, "loading data", false)                                                                        \
    X(READING, "reading samples", true)                                                                      \
    X(COMPUTING, "computing gradients", true)                                                                \
    X(UPDATING, "summing gradients and updating", true)                                                      \
    X(REPORTING, "writing progress and metrics", false)                                                      \
    X(EVALUATING, "evaluating", false)                                                                       \
    X(SAVING, "writing a checkpoint", false)                                                                 \
    X(ENDING, "ending", false)

#define ACTIVITY_ENUM(name, text, in_every_step) ACTIVITY_##name,
enum activity_phase { ACTIVITY_PHASE_MAP(ACTIVITY_ENUM) ACTIVITY_PHASES };
#undef ACTIVITY_ENUM

enum activity_wait {
    ACTIVITY_WAIT_NONE,
    ACTIVITY_WAIT_RANK,  /* for a rank of this node; the index is its local rank */
    ACTIVITY_WAIT_NODE,  /* for messages of a node */
    ACTIVITY_WAIT_NODES, /* for messages of nodes, not yet known which */
    ACTIVITY_WAIT_ALL,   /* for all ranks */
};

/* The record of a rank: one cache line, written by its main thread only. */
struct activity {
    _Alignas(MEM_ALIGN)
        atomic_uint_fast64_t beats; /* signs of life: every call below but activity_begin_wait adds one */
    atomic_int_fast64_t step;       /* steps done */
    atomic_int phase, wait, wait_index;
    atomic_int pid;                  /* filled in by the watchdog */
    atomic_uint_fast64_t start_time; /* of the process, 0 = unknown; likewise */
};

/* Records in *place from now on; NULL = where no thread reads. */
void activity_record_in(struct activity *place);

void activity_set_phase(enum activity_phase phase);
void activity_set_step(int64_t done);

/* What this rank waits for; may be called repeatedly during one wait. */
void activity_begin_wait(enum activity_wait kind, int index);
void activity_end_wait(void);

#endif
