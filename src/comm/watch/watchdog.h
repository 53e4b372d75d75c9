/* watchdog.h - ends a job in which a rank has died or hangs, and says which one.
 *
 * In every rank a thread that makes no MPI call looks, some times a second, at what the main threads of its node's ranks last
 * recorded of themselves (comm/activity.h): how many steps they have done, in which phase they are and for whom they wait.
 * - Nobody on the node has moved for `hang` seconds: one rank of the node prints which ranks did not come along (rank,
 *   host, process, what it was doing, whether it is stopped) and for whom the others wait; then all end with STATUS_WATCHDOG.
 *   What may rightly take long without a word, such as writing a checkpoint, has WATCHDOG_PATIENCE times as long.
 * - A rank's process is gone: a neighbour says which one and its last step. The launcher then has half of `death` seconds to
 *   take the job down, with the exit code it finds right; what still is there ends by itself.
 * - The launcher is gone: what it would have tidied up is removed, stopped ranks are killed, all end.
 * - Another machine does not answer any more, or the ranks there are gone: a node next to it (nodes stand in a ring, see
 *   heartbeat.h) says which one and the last step, and tells the others; all have ended after `death` seconds.
 * Time in which the whole job was suspended does not count.
 * There is one watchdog per process. */
#ifndef COMM_WATCH_WATCHDOG_H
#define COMM_WATCH_WATCHDOG_H

#include "comm/comm.h"

#define WATCHDOG_PATIENCE 10

struct watchdog_limits {
    double hang, death; /* seconds; 0 = for ever */
};

/* Starts to watch, after comm_split_nodes. Collective. Errors: STATUS_OTHER, memory or threads. */
enum status watchdog_start(struct comm *comm, const struct watchdog_limits *limits);
void watchdog_stop(void); /* collective; also when it was not started */

#endif
