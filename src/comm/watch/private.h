/* private.h - what ranks tell of themselves, and what is said of them. */
#ifndef COMM_WATCH_PRIVATE_H
#define COMM_WATCH_PRIVATE_H

#include "comm/activity.h"
#include "comm/watch/watchdog.h"

/* What a watchdog finds. LOST: a machine is. TOLD: another node has found something and reported it. */
enum watchdog_verdict {
    WATCHDOG_NONE,
    WATCHDOG_HANGS,
    WATCHDOG_DIED,
    WATCHDOG_ORPHANED,
    WATCHDOG_LOST,
    WATCHDOG_TOLD,
};

/* A rank as a report sees it. */
struct watchdog_view {
    int rank;
    int64_t pid, step;
    enum activity_phase phase;
    enum activity_wait wait;
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

/* watchdog_nodes.c: the other machines. For the thread, but for joining and leaving; all zero = none to look after. */
struct watchdog_nodes {
    struct heartbeat *heartbeat; /* NULL unless this is the first rank of a node, and others are elsewhere */
    enum watchdog_verdict expected; /* what it comes to when it is `due`, heard from that neighbour */
    double due;
    int neighbour;
    double death;   /* seconds until all have ended */
    double silence; /* seconds without an answer until a machine counts as lost */
};

/* Collective over all ranks of at least two nodes; leaving is local. Errors: STATUS_OTHER, memory. */
enum status watchdog_nodes_join(struct watchdog_nodes *n, struct comm *comm, double death);
void watchdog_nodes_leave(struct watchdog_nodes *n);

/* What has come true: DIED, LOST or TOLD; of the first two there is a report. */
enum watchdog_verdict watchdog_nodes_look(struct watchdog_nodes *n);
void watchdog_nodes_report(char text[WATCHDOG_TEXT], const struct watchdog_nodes *n,
                           struct watchdog_scene *scene);

/* Tells the neighbours that the job ends, and whether at once. */
void watchdog_nodes_warn(const struct watchdog_nodes *n, enum watchdog_verdict verdict);

/* Whether a rank keeps the others waiting. */
bool watchdog_is_culprit(const struct watchdog_view *v);

#endif
