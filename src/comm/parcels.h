/* parcels.h - bytes that ranks send each other while they compute.
 *
 * Both sides know beforehand what is sent: for every parcel that a rank sends to another, that rank receives one of the
 * same length, in the same order. Nothing is allocated after the creation. */
#ifndef COMM_PARCELS_H
#define COMM_PARCELS_H

#include "comm/comm.h"

struct parcels;

/* For up to `count` parcels at a time, sent and received, of up to `bytes` each. Collective. Errors: STATUS_OTHER,
 * memory. */
enum status parcels_create(struct parcels **out, struct comm *comm, int64_t count, size_t bytes);
void parcels_destroy(struct parcels **p); /* collective; after parcels_wait */

/* Begin to send and to receive. The bytes stay as they are until parcels_wait. */
void parcels_send(struct parcels *p, int rank, const void *data, size_t bytes);
void parcels_receive(struct parcels *p, int rank, void *data, size_t bytes);

/* Waits for all that was begun. */
void parcels_wait(struct parcels *p);

#endif
