/* nodes.c - what a watchdog learns of other nodes, and how it warns them. */
#include "comm/watch/heartbeat.h"
#include "comm/watch/private.h"
#include "core/system/clock.h"

/* Seconds in which a launcher that kills all ranks of a job has killed most of them. */
#define LAUNCHER_KILL_SECONDS 0.5

/* Share of limits.death after which a machine that does not answer is lost. The rest is for noticing it, once
 * a second, and for warning the other nodes. */
#define SILENT_SHARE 0.75

enum status watchdog_nodes_join(struct watchdog_nodes *n, struct comm *comm, double death)
{
    n->death = death;
    n->silence = death * SILENT_SHARE;
    return heartbeat_create(&n->heartbeat, comm, n->silence);
}

void watchdog_nodes_leave(struct watchdog_nodes *n)
{
    heartbeat_destroy(&n->heartbeat);
}

/* Makes `finding` the expected one, due after some seconds. An exit that only confirms what is known already
 * is ignored; a warning is passed on around the ring, once. */
static void expect_finding(struct watchdog_nodes *n, enum watchdog_finding finding, int neighbour,
                           double seconds)
{
    double due = clock_seconds() + seconds;
    if (n->expected != WATCHDOG_NOTHING && (finding == WATCHDOG_NODE_EXITED || n->due <= due)) return;
    n->expected = finding;
    n->due = due;
    n->neighbour = neighbour;
    if (finding == WATCHDOG_NODE_WARNED)
        heartbeat_send(n->heartbeat, seconds > 0 ? HEARTBEAT_ALARM : HEARTBEAT_NOW);
}

static void receive_word(struct watchdog_nodes *n, int neighbour)
{
    switch (heartbeat_receive(n->heartbeat, neighbour)) {
    case HEARTBEAT_NOTHING:
    case HEARTBEAT_GOODBYE:
        return;
    case HEARTBEAT_ALARM:
        expect_finding(n, WATCHDOG_NODE_WARNED, neighbour, n->death / 2);
        return;
    case HEARTBEAT_NOW:
        expect_finding(n, WATCHDOG_NODE_WARNED, neighbour, 0);
        return;
    case HEARTBEAT_CLOSED:
        expect_finding(n, WATCHDOG_NODE_EXITED, neighbour, LAUNCHER_KILL_SECONDS);
        return;
    case HEARTBEAT_SILENT:
        expect_finding(n, WATCHDOG_NODE_LOST, neighbour, 0);
    }
}

enum watchdog_finding watchdog_nodes_check(struct watchdog_nodes *n)
{
    for (int i = 0; i < HEARTBEAT_NEIGHBOURS; i++) receive_word(n, i);
    return n->expected != WATCHDOG_NOTHING && clock_seconds() >= n->due ? n->expected : WATCHDOG_NOTHING;
}

void watchdog_nodes_report(char text[WATCHDOG_TEXT], const struct watchdog_nodes *n,
                           struct watchdog_scene *scene)
{
    const struct heartbeat_neighbour *gone = &n->heartbeat->neighbours[n->neighbour];
    const struct heartbeat_neighbour *other = &n->heartbeat->neighbours[!n->neighbour];
    bool both = other->node != gone->node && heartbeat_is_silent(n->heartbeat, !n->neighbour);
    scene->seconds = n->expected == WATCHDOG_NODE_LOST ? n->silence : 0;
    watchdog_report_node(text, scene,
                         &(struct watchdog_lost_node){gone->node, gone->host, both ? other->host : NULL});
}

void watchdog_nodes_warn(const struct watchdog_nodes *n, enum watchdog_finding finding)
{
    bool now = finding == WATCHDOG_NODE_LOST || finding == WATCHDOG_NODE_WARNED;
    heartbeat_send(n->heartbeat, now ? HEARTBEAT_NOW : HEARTBEAT_ALARM);
}
