/* watchdog_private.h - what ranks tell of themselves, and what is said of them. */
#ifndef DDP_WATCHDOG_PRIVATE_H
#define DDP_WATCHDOG_PRIVATE_H

#include <stdatomic.h>

#include "ddp/mem.h"
#include "ddp/watchdog.h"

/* A rank in shared memory. Only its main thread writes here, one cache line. */
struct watchdog_place {
    _Alignas(MEM_ALIGN) atomic_uint_fast64_t beats; /* signs of life */
    atomic_int_fast64_t step;                       /* steps done */
    atomic_int phase, wait, wait_index;
    atomic_int pid;
    atomic_uint_fast64_t start_time; /* of the process, 0 = not known */
};

/* watchdog_tell.c: where the main thread tells of itself from now on; NULL = to nobody. */
void watchdog_tell_to(struct watchdog_place *place);

/* A rank as a report sees it. */
struct watchdog_view {
    int rank;
    int64_t pid, step;
    enum watchdog_phase phase;
    enum watchdog_wait wait;
    int wait_index;
    char state; /* process.h */
};

/* The ranks of a node, [count], in order. */
struct watchdog_scene {
    const char *host;
    int node, nodes, count;
    const struct watchdog_view *views;
    double seconds;   /* in which nothing may stand still, */
    const char *rule; /* by this setting */
};

/* A node elsewhere that is gone. */
struct watchdog_far {
    int node;
    const char *host;
    const char *other; /* host that is gone as well, NULL = none */
};

#define WATCHDOG_TEXT 8192

/* watchdog_report.c: lines for stderr. */
void watchdog_report_hang(char text[WATCHDOG_TEXT], const struct watchdog_scene *scene);
void watchdog_report_death(char text[WATCHDOG_TEXT], const struct watchdog_scene *scene, int local_rank);
void watchdog_report_launcher(char text[WATCHDOG_TEXT], const struct watchdog_scene *scene);
/* It did not answer for scene->seconds, or left if that is 0. */
void watchdog_report_node(char text[WATCHDOG_TEXT], const struct watchdog_scene *scene,
                          const struct watchdog_far *far);

/* Whether a rank keeps the others waiting. */
bool watchdog_is_culprit(const struct watchdog_view *v);

#endif
