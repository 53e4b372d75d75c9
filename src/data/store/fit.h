/* fit.h - which store has room for a set. */
#ifndef DATA_STORE_FIT_H
#define DATA_STORE_FIT_H

#include "data/store/store.h"

/* Bytes that each kind needs on every node, and that the node with the least room has. */
struct fit {
    double needs[STORE_KINDS], room[STORE_KINDS];
    const char *limit[STORE_KINDS]; /* what limits the room, as this rank sees it */
    bool fits[STORE_KINDS];
    double other; /* of `needs` in memory: labels and weights, in every store */
};

/* Collective. */
void fit_measure(struct fit *f, const struct store_spec *spec);

/* Chooses a kind for STORE_AUTO, the first of node and scratch that has room; says so unless it is node.
 * Collective; the same on all ranks. Errors: STATUS_OTHER: none has. */
enum status fit_choose(enum data_store *kind, const struct store_spec *spec);

/* Logs a table of what each kind needs and has; rank 0. Collective. */
void fit_report(const struct store_spec *spec);

#endif
