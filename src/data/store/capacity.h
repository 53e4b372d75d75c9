/* capacity.h - which store has room for a set. */
#ifndef DATA_STORE_CAPACITY_H
#define DATA_STORE_CAPACITY_H

#include "data/store/store.h"

/* Bytes that each kind needs on every node, and that the node with the least room has. */
struct capacity {
    double needs[STORE_KINDS], room[STORE_KINDS];
    const char *limit[STORE_KINDS]; /* what limits the room, as this rank sees it */
    bool fits[STORE_KINDS];
    double other; /* of `needs` in memory: labels and weights, in every store */
};

/* Collective. */
void capacity_measure(struct capacity *f, const struct store_spec *spec);

/* Chooses the first of node, cluster and scratch that has room; where samples are only taken in order, of node, scratch
 * and window. Says so unless it is node.
 * Collective; the same on all ranks. Errors: STATUS_OTHER: none has. */
enum status capacity_choose(enum data_store *kind, const struct store_spec *spec);

/* Logs a table of what each kind needs and has; rank 0. Returns the bytes of a node's memory that the set will take: of
 * the kind that is wanted, or that capacity_choose would choose; of node if none has room. Collective. */
double capacity_report(const struct store_spec *spec);

#endif
