/* heartbeat.h - notices that another machine of the job has vanished, or that its ranks have.
 *
 * The first ranks of the nodes stand in a ring, each joined to the next by a TCP connection on which nothing is said until
 * something happens. The kernels at both ends do the work: every second they ask each other whether the connection still
 * stands (TCP keepalive). A machine without power or behind a cut cable does not answer; one that is busy, or on which the
 * process is stopped or in a debugger, does, and is left to sync.timeout. Nor does it matter for how long the own process was
 * stopped. A process that dies closes its connection. What a node has found goes around the ring as one byte. */
#ifndef COMM_WATCH_HEARTBEAT_H
#define COMM_WATCH_HEARTBEAT_H

#include <netinet/in.h>
#include <poll.h>

#include "comm/comm.h"

enum heartbeat_word {
    HEARTBEAT_NOTHING,
    HEARTBEAT_GOODBYE, /* all is well, this node ends */
    HEARTBEAT_ALARM,   /* the job ends; the launcher has a while to see to it */
    HEARTBEAT_NOW,     /* the job ends now: the launcher may not reach everybody */
    HEARTBEAT_LEFT,    /* no word but what is found instead: the neighbour's first rank is gone */
    HEARTBEAT_SILENT,  /* and its machine does not answer */
};

enum { HEARTBEAT_NEXT, HEARTBEAT_PREVIOUS, HEARTBEAT_NEIGHBOURS };

struct heartbeat_neighbour {
    int socket; /* -1 = none */
    int node;
    char host[PROCESS_HOST_SIZE];
    bool spoke;  /* so that its end is no surprise */
    bool silent; /* and given up */
};

struct heartbeat {
    int node;
    char host[PROCESS_HOST_SIZE];
    double patience; /* seconds without an answer */
    struct heartbeat_neighbour neighbours[HEARTBEAT_NEIGHBOURS];
};

/* Joins the ring; NULL on ranks that are not the first of their node. Where nodes do not reach each other, rank 0 warns and the
 * others are joined. Collective over all ranks of at least two nodes. Errors: STATUS_OTHER, memory; NULL on all ranks then. */
enum status heartbeat_create(struct heartbeat **out, struct comm *comm, double patience);
void heartbeat_destroy(struct heartbeat **h); /* says goodbye */

/* For one thread, which makes no MPI call here; h may be NULL. A word is heard once; then, or when `sockets` are ready, the
 * next. */
enum heartbeat_word heartbeat_hear(struct heartbeat *h, int neighbour);
void heartbeat_say(struct heartbeat *h, enum heartbeat_word word); /* to both neighbours; never waits */
void heartbeat_sockets(const struct heartbeat *h, struct pollfd sockets[HEARTBEAT_NEIGHBOURS]);
bool heartbeat_is_silent(const struct heartbeat *h, int neighbour); /* for half of `patience` or more */

/* heartbeat_meet.c: how neighbours find each other, in the main thread. */

#define HEARTBEAT_ADDRESSES 8
#define HEARTBEAT_TOKEN     16 /* bytes that only this job knows */

union heartbeat_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* Where a node can be called. */
struct heartbeat_card {
    char host[PROCESS_HOST_SIZE];
    int count;
    union heartbeat_address addresses[HEARTBEAT_ADDRESSES];
};

/* Returns a listening socket, -1 if there can be none, and fills the card. Local. */
int heartbeat_meet_open(struct heartbeat_card *mine);

/* Calls the next neighbour and answers the previous one, both at once, for so many seconds at most. A stranger, who does not
 * know the token, is turned away. Local. */
void heartbeat_meet(struct heartbeat *h, int listener, const struct heartbeat_card *next,
                    const unsigned char token[HEARTBEAT_TOKEN], double seconds);

#endif
