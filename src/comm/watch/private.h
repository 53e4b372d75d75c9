/* private.h - what the files of the watchdog share: findings, reports, and the view of other nodes. */
#ifndef COMM_WATCH_PRIVATE_H
#define COMM_WATCH_PRIVATE_H

#include "comm/activity.h"
#include "comm/watch/watchdog.h"

/* What a watchdog finds. */
enum watchdog_finding {
    WATCHDOG_NOTHING,
    WATCHDOG_HANG,
    WATCHDOG_RANK_DIED,
    WATCHDOG_LAUNCHER_DIED,
    WATCHDOG_NODE_EXITED, /* the ranks of another node are gone */
    WATCHDOG_NODE_LOST,   /* another machine does not answer */
    WATCHDOG_NODE_WARNED, /* another node has found and reported something */
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
    double seconds;   /* the limit that was exceeded */
    const char *rule; /* the setting it comes from */
};

/* A node elsewhere that is gone. */
struct watchdog_lost_node {
    int node;
    const char *host;
    const char *other_host; /* a host that is gone as well, or NULL */
};

#define WATCHDOG_TEXT 8192

/* report.c: lines for stderr; a text that does not fit is cut. */
void watchdog_report_hang(char text[WATCHDOG_TEXT], const struct watchdog_scene *scene);
void watchdog_report_exit(char text[WATCHDOG_TEXT], const struct watchdog_scene *scene, int local_rank);
void watchdog_report_launcher(char text[WATCHDOG_TEXT], const struct watchdog_scene *scene);

/* The node has not answered for scene->seconds, or has closed its connection if that is 0. */
void watchdog_report_node(char text[WATCHDOG_TEXT], const struct watchdog_scene *scene,
                          const struct watchdog_lost_node *lost);

/* Whether the others wait for this rank: it waits for none, or its process cannot run. */
bool watchdog_is_blocking(const struct watchdog_view *v);

/* nodes.c: the other machines. All zero = none to watch. */
struct watchdog_nodes {
    struct heartbeat
        *heartbeat; /* NULL unless this is the first rank of a node and there are other machines */
    enum watchdog_finding expected; /* becomes the finding at the time `due`, about this neighbour */
    double due;
    int neighbour;
    double death;   /* seconds until all have ended */
    double silence; /* seconds without an answer until a machine counts as lost */
};

/* Connects to the other nodes. On failure nothing is left to release. Collective over all ranks of at least
 * two nodes. Errors: STATUS_OTHER, memory. */
enum status watchdog_nodes_join(struct watchdog_nodes *n, struct comm *comm, double death);
void watchdog_nodes_leave(struct watchdog_nodes *n); /* local */

/* For the watchdog's thread: returns NODE_EXITED, NODE_LOST or NODE_WARNED once one of them is certain.
 * Local. */
enum watchdog_finding watchdog_nodes_check(struct watchdog_nodes *n);

/* The report of NODE_EXITED and NODE_LOST. Local. */
void watchdog_nodes_report(char text[WATCHDOG_TEXT], const struct watchdog_nodes *n,
                           struct watchdog_scene *scene);

/* Warns the neighbours that the job ends, and whether at once. Local. */
void watchdog_nodes_warn(const struct watchdog_nodes *n, enum watchdog_finding finding);

#endif
