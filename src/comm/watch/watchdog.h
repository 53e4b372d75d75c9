/* watchdog.h - ends a job in which a rank has died or hangs, and reports which rank.
 *
 * In every rank a thread that makes no MPI call checks, four times a second, what the main threads of its
 * node's ranks have recorded of themselves (comm/activity.h): steps done, phase, and what they wait for.
 * - No rank of the node makes progress for `hang` seconds: one rank of the node prints which ranks did not
 *   finish the step (rank, host, process, phase, whether it is stopped) and what the others wait for; then
 *   all end with STATUS_WATCHDOG. Phases that are no part of every step, such as writing a checkpoint, may
 *   take WATCHDOG_PATIENCE times as long.
 * - A rank's process is gone: a neighbour reports the rank and its last step. The launcher then has half of
 *   `death` seconds to end the job with an exit code of its own; ranks that still run after that end
 *   themselves.
 * - The launcher is gone: files that it would have removed are removed, stopped ranks are killed, all end.
 * - Another machine does not answer, or its ranks are gone: a neighbour in the ring of nodes (heartbeat.h)
 *   reports the node and the last step, and warns the other nodes; all have ended after `death` seconds.
 * Time during which the whole job was suspended does not count.
 *
 * There is one watchdog per process. */
#ifndef COMM_WATCH_WATCHDOG_H
#define COMM_WATCH_WATCHDOG_H

#include "comm/comm.h"

#define WATCHDOG_PATIENCE 10

struct watchdog_limits {
    double hang, death; /* seconds; 0 = no limit */
};

/* Starts watching, after comm_split_nodes. On failure no watchdog runs and nothing is left to release.
 * Collective. Errors: STATUS_OTHER, memory or threads. */
enum status watchdog_start(struct comm *comm, const struct watchdog_limits *limits);

/* Stops watching; does nothing if no watchdog runs. Collective. */
void watchdog_stop(void);

#endif
