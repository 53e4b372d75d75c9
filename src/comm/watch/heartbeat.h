/* heartbeat.h - notices that another machine of the job is lost, or that its ranks have ended.
 *
 * The first ranks of the nodes form a ring. Each is joined to the next one by a TCP connection that carries
 * nothing until something happens. The kernels at both ends ask each other every second whether the
 * connection still stands (TCP keepalive). A machine without power or behind a cut cable does not answer. A
 * busy machine, or one whose process is stopped or in a debugger, does answer and is left to sync.timeout.
 * For how long this process itself was stopped does not matter. A process that dies closes its connection.
 * What a node has found goes around the ring as one byte. */
#ifndef COMM_WATCH_HEARTBEAT_H
#define COMM_WATCH_HEARTBEAT_H

#include <netinet/in.h>
#include <poll.h>

#include "comm/comm.h"

enum heartbeat_word {
    HEARTBEAT_NOTHING,
    HEARTBEAT_GOODBYE, /* this node ends normally */
    HEARTBEAT_ALARM,   /* the job ends; the launcher gets time to end it first */
    HEARTBEAT_NOW,     /* the job ends now: the launcher may not reach all nodes */
    HEARTBEAT_CLOSED,  /* never sent, found instead: the neighbour's first rank has ended */
    HEARTBEAT_SILENT,  /* likewise: the neighbour's machine does not answer */
};

enum { HEARTBEAT_NEXT, HEARTBEAT_PREVIOUS, HEARTBEAT_NEIGHBOURS };

struct heartbeat_neighbour {
    int socket; /* -1 = none */
    int node;
    char host[PROCESS_HOST_SIZE];
    bool announced; /* has sent a word: its end is expected */
    bool silent;    /* its machine did not answer; the connection is closed */
};

struct heartbeat {
    int node;
    char host[PROCESS_HOST_SIZE];
    double patience; /* seconds without an answer */
    struct heartbeat_neighbour neighbours[HEARTBEAT_NEIGHBOURS];
};

/* Joins the ring; *out stays NULL on ranks that are not the first of their node. Where nodes cannot connect
 * to each other, rank 0 warns and the other nodes are joined. Collective over all ranks of at least two
 * nodes. Errors: STATUS_OTHER, memory; then *out is NULL on all ranks. */
enum status heartbeat_create(struct heartbeat **out, struct comm *comm, double patience);
void heartbeat_destroy(struct heartbeat **h); /* sends GOODBYE; local */

/* For one thread; none makes MPI calls or blocks; h may be NULL. */

/* Returns the next word of a neighbour, each word once, or what was found instead. */
enum heartbeat_word heartbeat_receive(struct heartbeat *h, int neighbour);
void heartbeat_send(struct heartbeat *h, enum heartbeat_word word); /* to both neighbours */

/* Fills in what to poll for the next word. */
void heartbeat_sockets(const struct heartbeat *h, struct pollfd sockets[HEARTBEAT_NEIGHBOURS]);

/* Whether the neighbour has not answered for half of `patience` or more. */
bool heartbeat_is_silent(const struct heartbeat *h, int neighbour);

/* heartbeat_meet.c: how neighbours connect, in the main thread. */

#define HEARTBEAT_ADDRESSES 8
#define HEARTBEAT_TOKEN     16 /* bytes, a secret of this job */

union heartbeat_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* Where a node can be reached. */
struct heartbeat_contact {
    char host[PROCESS_HOST_SIZE];
    int count;
    union heartbeat_address addresses[HEARTBEAT_ADDRESSES];
};

/* Returns a listening socket, or -1 if none can be opened, and fills in *mine. Local. */
int heartbeat_meet_open(struct heartbeat_contact *mine);

/* Calls the next neighbour and answers the previous one at the same time, for `seconds` at most. A foreign
 * caller, which does not know the token, is rejected. Local. */
void heartbeat_meet(struct heartbeat *h, int listener, const struct heartbeat_contact *next,
                    const unsigned char token[HEARTBEAT_TOKEN], double seconds);

#endif
