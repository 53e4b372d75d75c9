/* comm.h - the door to MPI: ranks, nodes, and messages between all ranks.
 *
 * Ranks are renumbered node by node (rank 0 stays rank 0), so that a node hosts one contiguous range of
 * virtual ranks however the launcher placed the processes. "Collective" means that every rank must call.
 * Errors inside MPI abort the job. */
#ifndef COMM_COMM_H
#define COMM_COMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/system/process.h"
#include "core/status.h"

struct comm;

/* Starts MPI, which comm_destroy ends, also after a failure. Collective. Errors: STATUS_OTHER, memory. */
enum status comm_create(struct comm **out, int *argc, char ***argv);
void comm_destroy(struct comm **c); /* collective; ends MPI, also when *c is NULL */

/* Cuts the ranks into nodes, before any memory is shared; may be called again. 0 = the machines that MPI
 * sees; n = at most n ranks per node, which lets one machine stand for several. Collective. Errors:
 * STATUS_OTHER, memory. */
enum status comm_split_nodes(struct comm *c, int64_t ranks_per_node);

int comm_rank(const struct comm *c);
int comm_size(const struct comm *c);
int comm_nodes(const struct comm *c);
int comm_node(const struct comm *c); /* of this rank, from 0 */
int comm_node_of(const struct comm *c, int rank);
int comm_local_rank(const struct comm *c); /* rank within the node */
int comm_local_size(const struct comm *c);
int comm_nodes_here(const struct comm *c); /* nodes on this machine: more than 1 only if it was cut */
bool comm_crowded(
    const struct comm *c); /* more ranks than cores on this machine: a rank that waits must yield */

/* Agrees on a status before the next collective call. Every rank passes its own; all return that of the
 * lowest failing rank, with its message (and its number unless it is rank 0), or STATUS_OK. Collective. */
enum status comm_agree(struct comm *c, enum status mine);

/* Returns the version of the MPI library, one line. Local. */
const char *comm_version(void);

/* Copies rank 0's text to every rank. On the others *text is NULL before; release it with mem_free.
 * Collective. Errors: STATUS_OTHER, memory. */
enum status comm_share_text(struct comm *c, char **text);

/* Copies rank 0's bytes to every rank, in place. Collective. */
void comm_share_bytes(struct comm *c, void *data, size_t bytes);

/* Returns the name of a rank's host on every rank. Collective. */
void comm_host_of(struct comm *c, int rank, char host[PROCESS_HOST_SIZE]);

/* Calls take(self, text) on rank 0 with the text of every rank, in the order of ranks. Collective. Errors:
 * STATUS_OTHER, memory. */
enum status comm_gather_text(struct comm *c, const char *text, void (*take)(void *self, const char *text),
                             void *self);

/* Returns the seconds to add to this rank's clock_seconds to get that of rank 0: 0 on the node of rank 0,
 * elsewhere measured, to about half a round trip. Collective. */
double comm_clock_offset(struct comm *c);

/* Gathers the words of all ranks, in the order of ranks, in `all` on rank `root`; `all` may be NULL
 * elsewhere. Returns their number on `root`, 0 elsewhere. Collective. */
int64_t comm_gather_words(struct comm *c, int root, const uint32_t *mine, int64_t count, uint32_t *all);

/* Calls take(self, values, count) on rank 0 with the values of every rank, in the order of ranks. `room`
 * receives those of other ranks: as long as the longest, needed on rank 0 only. Collective. */
void comm_gather_floats(struct comm *c, const float *mine, int64_t count, float *room,
                        void (*take)(void *self, const float *values, int64_t count), void *self);

/* Passes `values` from rank to rank, from rank 0 on: each calls add(self, values), which adds its own. Every
 * rank returns with the values of the last one. The order of additions is that of a single process.
 * Collective. */
void comm_fold_doubles(struct comm *c, double *values, int64_t count, void (*add)(void *self, double *values),
                       void *self);

/* Sums integers over all ranks, in place. Collective. */
void comm_sum_int64(struct comm *c, int64_t *values, int64_t count);

/* Sums over all ranks, in place, values of which each is set by one rank at most and 0 on the others: exact.
 * Collective. */
void comm_merge_doubles(struct comm *c, double *values, int64_t count);

/* Returns the lowest rank whose value is not that of rank 0, or 0 if all are equal. Collective. */
int comm_find_different(struct comm *c, uint64_t value);

double comm_max(struct comm *c, double value); /* over all ranks, on every rank; collective */
void comm_barrier(struct comm *c);             /* collective */

#endif
