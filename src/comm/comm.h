/* comm.h - the MPI door: who is here, on which node, and the few things ranks say to each other.
 *
 * Ranks are renumbered node by node (rank 0 stays rank 0), so that a node hosts one contiguous range of
 * virtual ranks however the launcher placed the processes. "collective" means every rank must call.
 * Errors inside MPI abort the job: they are no input of ours. */
#ifndef COMM_COMM_H
#define COMM_COMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/system/process.h"
#include "core/status.h"

struct comm;

/* Starts MPI. Collective. *out must be destroyed also after a failure. Errors: STATUS_OTHER, memory. */
enum status comm_create(struct comm **out, int *argc, char ***argv);
void comm_destroy(struct comm **c); /* collective: ends MPI, also when *c is NULL */

/* Cuts the ranks into nodes anew, before anything is shared. 0 = the machines MPI sees; n = at most n ranks
 * a node, which lets one machine stand for several. Collective. Errors: STATUS_OTHER, memory. */
enum status comm_split_nodes(struct comm *c, int64_t ranks_per_node);

int comm_rank(const struct comm *c);
int comm_size(const struct comm *c);
int comm_nodes(const struct comm *c);
int comm_node(const struct comm *c);       /* this rank's, from 0 */
int comm_local_rank(const struct comm *c); /* rank within the node */
int comm_local_size(const struct comm *c);
bool comm_crowded(const struct comm *c); /* more ranks than cores on this machine: waiting must yield */

/* Agreement before the next collective. Collective. Every rank passes its own status; all return the status
 * of the lowest failing rank, with its message (and its number unless it is rank 0), or STATUS_OK. */
enum status comm_agree(struct comm *c, enum status mine);

/* Rank 0's text on every rank; *text is NULL on the others before, and released with mem_free. Collective. */
enum status comm_share_text(struct comm *c, char **text);

/* Rank 0's bytes on every rank, in place. Collective. */
void comm_share_bytes(struct comm *c, void *data, size_t bytes);

/* The name of a rank's host, on every rank. Collective. */
void comm_host_of(struct comm *c, int rank, char host[PROCESS_HOST_SIZE]);

/* Calls take(self, text) on rank 0 with the text of every rank in turn. Collective. Errors: STATUS_OTHER, memory. */
enum status comm_gather_text(struct comm *c, const char *text, void (*take)(void *self, const char *text),
                             void *self);

/* Seconds to add to this rank's clock_seconds to get that of rank 0: 0 on its node, measured elsewhere, to about
 * half the time of a message there and back. Collective. */
double comm_clock_offset(struct comm *c);

/* Rank `root` receives the words of all ranks, one rank behind the other, in `all`, which need not be given on the others.
 * Returns on it how many there are, elsewhere 0. Collective. */
int64_t comm_gather_words(struct comm *c, int root, const uint32_t *mine, int64_t count, uint32_t *all);

/* Calls take(self, values, count) on rank 0 with the values of every rank in turn. Those of others come to `room`, which is as
 * long as any rank's values and is needed on rank 0 only. Collective. */
void comm_gather_floats(struct comm *c, const float *mine, int64_t count, float *room,
                        void (*take)(void *self, const float *values, int64_t count), void *self);

/* Hands `values` from rank to rank, those of rank 0 first: each calls add(self, values), which adds its own, and every rank
 * returns with what the last one made of them. The order of additions is that of a single rank. Collective. */
void comm_fold_doubles(struct comm *c, double *values, int64_t count, void (*add)(void *self, double *values),
                       void *self);

/* Sums of integers on every rank, in place. Collective. */
void comm_sum_int64(struct comm *c, int64_t *values, int64_t count);

/* Sums on every rank of values that at most one rank sets and all others leave at 0: exact. Collective. */
void comm_merge_doubles(struct comm *c, double *values, int64_t count);

/* The lowest rank whose value is not that of rank 0, or 0 if all agree. Collective. */
int comm_first_other(struct comm *c, uint64_t value);

double comm_greatest(struct comm *c, double value); /* of all ranks, on every rank; collective */
void comm_barrier(struct comm *c);                  /* collective */

#endif
