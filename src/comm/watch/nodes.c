/* nodes.c - what is found out about other machines, and what they are told. */
#include "comm/watch/heartbeat.h"
#include "comm/watch/private.h"
#include "core/system/clock.h"

#define MOMENT 0.5 /* a launcher that kills all ranks of a job is mostly through with it then */

/* Of limits.death; a machine that does not answer for so long is lost. The rest is for seeing it, which happens once a second,
 * and for telling the others. */
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

/* What was heard comes true after some seconds. What only completes what is known already, nobody needs to read; an alarm goes
 * on around the ring, once. */
static void expect(struct watchdog_nodes *n, enum watchdog_verdict verdict, int neighbour, double seconds)
{
    double due = clock_seconds() + seconds;
    if (n->expected != WATCHDOG_NONE && (verdict == WATCHDOG_DIED || n->due <= due)) return;
    n->expected = verdict;
    n->due = due;
    n->neighbour = neighbour;
    if (verdict == WATCHDOG_TOLD) heartbeat_say(n->heartbeat, seconds > 0 ? HEARTBEAT_ALARM : HEARTBEAT_NOW);
}

static void hear(struct watchdog_nodes *n, int neighbour)
{
    switch (heartbeat_hear(n->heartbeat, neighbour)) {
    case HEARTBEAT_NOTHING:
    case HEARTBEAT_GOODBYE:
        return;
    case HEARTBEAT_ALARM:
        expect(n, WATCHDOG_TOLD, neighbour, n->death / 2);
        return;
    case HEARTBEAT_NOW:
        expect(n, WATCHDOG_TOLD, neighbour, 0);
        return;
    case HEARTBEAT_LEFT:
        expect(n, WATCHDOG_DIED, neighbour, MOMENT);
        return;
    case HEARTBEAT_SILENT:
        expect(n, WATCHDOG_LOST, neighbour, 0);
    }
}

enum watchdog_verdict watchdog_nodes_look(struct watchdog_nodes *n)
{
    for (int i = 0; i < HEARTBEAT_NEIGHBOURS; i++) hear(n, i);
    return n->expected != WATCHDOG_NONE && clock_seconds() >= n->due ? n->expected : WATCHDOG_NONE;
}

void watchdog_nodes_report(char text[WATCHDOG_TEXT], const struct watchdog_nodes *n,
                           struct watchdog_scene *scene)
{
    const struct heartbeat_neighbour *gone = &n->heartbeat->neighbours[n->neighbour];
    const struct heartbeat_neighbour *other = &n->heartbeat->neighbours[!n->neighbour];
    bool both = other->node != gone->node && heartbeat_is_silent(n->heartbeat, !n->neighbour);
    scene->seconds = n->expected == WATCHDOG_LOST ? n->silence : 0;
    watchdog_report_node(text, scene,
                         &(struct watchdog_far){gone->node, gone->host, both ? other->host : NULL});
}

void watchdog_nodes_warn(const struct watchdog_nodes *n, enum watchdog_verdict verdict)
{
    bool now = verdict == WATCHDOG_LOST || verdict == WATCHDOG_TOLD;
    heartbeat_say(n->heartbeat, now ? HEARTBEAT_NOW : HEARTBEAT_ALARM);
}
