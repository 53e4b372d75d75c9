/* totals.h - sums over the virtual ranks of all ranks in the middle of a step, the same on every rank at any
 * rank count.
 *
 * A rank adds the records of its virtual ranks as far as they form nodes of the summation tree; all ranks
 * get the nodes of all and add the rest. A sum of n numbers costs a message of about n numbers per rank. */
#ifndef COMM_TOTALS_H
#define COMM_TOTALS_H

#include "comm/comm.h"
#include "comm/tree.h"

struct totals {
    struct comm *comm;
    int leaves;                      /* virtual ranks of all ranks */
    int64_t max_count;               /* numbers of a record, at most */
    double *records;                 /* [virtual ranks of this rank][count], which the caller fills */
    double *sums;                    /* [count]: receives the sums */
    double *stack;                   /* [TREE_DEPTH][count] */
    double *nodes;                   /* of all ranks */
    int *counts, *offsets, *heights; /* [ranks] */
};

/* On failure there is nothing to release. Collective only in that all ranks pass the same numbers. Errors:
 * STATUS_OTHER, memory. */
enum status totals_init(struct totals *t, struct comm *comm, int leaves, int64_t max_count);
void totals_free(struct totals *t);

/* Returns sums [count] of the records. Collective. */
const double *totals_add(struct totals *t, int64_t count);

#endif
