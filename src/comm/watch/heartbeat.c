/* heartbeat.c - the ring of nodes while the job runs. */
#include "comm/watch/heartbeat.h"

#include <errno.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "comm/comm_private.h"
#include "core/log.h"
#include "core/mem.h"

#define MEETING_SECONDS 3.0

static void close_connection(struct heartbeat_neighbour *n)
{
    if (n->socket >= 0) close(n->socket);
    n->socket = -1;
}

/* The functions of joining are for first ranks only: `ring` has one of each node, in the order of nodes. */

static void exchange_contacts(struct heartbeat *h, MPI_Comm ring, struct heartbeat_contact *mine,
                              struct heartbeat_contact *next)
{
    struct heartbeat_neighbour *n = h->neighbours;
    int to = n[HEARTBEAT_PREVIOUS].node, from = n[HEARTBEAT_NEXT].node, size = (int)sizeof *mine;
    MPI_Sendrecv(mine, size, MPI_BYTE, to, 0, next, size, MPI_BYTE, from, 0, ring, MPI_STATUS_IGNORE);
    memcpy(h->host, mine->host, sizeof h->host);
    memcpy(n[HEARTBEAT_NEXT].host, next->host, sizeof next->host);
    MPI_Sendrecv(h->host, PROCESS_HOST_SIZE, MPI_BYTE, from, 0, n[HEARTBEAT_PREVIOUS].host, PROCESS_HOST_SIZE,
                 MPI_BYTE, to, 0, ring, MPI_STATUS_IGNORE);
}

/* The caller may run out of time when the other one has just answered: then both close the connection. */
static void agree_on_connections(struct heartbeat *h, MPI_Comm ring)
{
    struct heartbeat_neighbour *next = &h->neighbours[HEARTBEAT_NEXT];
    struct heartbeat_neighbour *previous = &h->neighbours[HEARTBEAT_PREVIOUS];
    int mine = next->socket >= 0, theirs;
    MPI_Sendrecv(&mine, 1, MPI_INT, next->node, 0, &theirs, 1, MPI_INT, previous->node, 0, ring,
                 MPI_STATUS_IGNORE);
    if (!theirs) close_connection(previous);
}

static void warn_unreachable(const struct heartbeat *h, MPI_Comm ring)
{
    const struct heartbeat_neighbour *next = &h->neighbours[HEARTBEAT_NEXT];
    char hosts[2][PROCESS_HOST_SIZE];
    int first = next->socket >= 0 ? INT_MAX : h->node;
    MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT, MPI_MIN, ring);
    if (first == INT_MAX) return;
    memcpy(hosts[0], h->host, PROCESS_HOST_SIZE);
    memcpy(hosts[1], next->host, PROCESS_HOST_SIZE);
    MPI_Bcast(hosts, (int)sizeof hosts, MPI_BYTE, first, ring);
    log_warn("host %s cannot connect to host %s on a free TCP port (a firewall?): if one of them fails, the "
             "job may end only after sync.timeout",
             hosts[0], hosts[1]);
}

static void join_ring(struct heartbeat *h, const struct comm *comm)
{
    unsigned char token[HEARTBEAT_TOKEN] = {0};
    struct heartbeat_contact mine = {0}, next;
    h->node = comm->node_index;
    for (int i = 0; i < HEARTBEAT_NEIGHBOURS; i++) h->neighbours[i].socket = -1;
    h->neighbours[HEARTBEAT_NEXT].node = (h->node + 1) % comm->nodes;
    h->neighbours[HEARTBEAT_PREVIOUS].node = (h->node + comm->nodes - 1) % comm->nodes;
    if (h->node == 0 && getrandom(token, sizeof token, 0) < 0) memset(token, 1, sizeof token);
    MPI_Bcast(token, (int)sizeof token, MPI_BYTE, 0, comm->column);
    int listener = heartbeat_meet_open(&mine);
    exchange_contacts(h, comm->column, &mine, &next);
    heartbeat_meet(h, listener, &next, token, MEETING_SECONDS);
    if (listener >= 0) close(listener);
    agree_on_connections(h, comm->column);
    warn_unreachable(h, comm->column);
}

enum status heartbeat_create(struct heartbeat **out, struct comm *comm, double patience)
{
    *out = NULL;
    enum status status = comm->local_rank == 0 ? mem_alloc(out, 1, sizeof **out, "heartbeat") : STATUS_OK;
    status = comm_agree(comm, status);
    if (status != STATUS_OK) mem_free(out); /* not joined, so not to be destroyed like a joined one */
    if (status != STATUS_OK || !*out) return status;
    (*out)->patience = patience;
    join_ring(*out, comm);
    return STATUS_OK;
}

void heartbeat_destroy(struct heartbeat **h)
{
    heartbeat_send(*h, HEARTBEAT_GOODBYE);
    for (int i = 0; *h && i < HEARTBEAT_NEIGHBOURS; i++) close_connection(&(*h)->neighbours[i]);
    mem_free(h);
}

void heartbeat_send(struct heartbeat *h, enum heartbeat_word word)
{
    unsigned char byte = (unsigned char)word;
    for (int i = 0; h && i < HEARTBEAT_NEIGHBOURS; i++)
        if (h->neighbours[i].socket >= 0) /* a neighbour that is gone needs no word */
            (void)!send(h->neighbours[i].socket, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

enum heartbeat_word heartbeat_receive(struct heartbeat *h, int neighbour)
{
    if (!h || h->neighbours[neighbour].socket < 0) return HEARTBEAT_NOTHING;
    struct heartbeat_neighbour *n = &h->neighbours[neighbour];
    unsigned char word;
    ssize_t got = recv(n->socket, &word, 1, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return HEARTBEAT_NOTHING;
    if (got == 1) {
        n->announced = true;
        return (enum heartbeat_word)word;
    }
    n->silent = got < 0 && errno != ECONNRESET;
    close_connection(n);
    if (n->silent) return HEARTBEAT_SILENT;
    return n->announced ? HEARTBEAT_NOTHING : HEARTBEAT_CLOSED;
}

void heartbeat_sockets(const struct heartbeat *h, struct pollfd sockets[HEARTBEAT_NEIGHBOURS])
{
    for (int i = 0; i < HEARTBEAT_NEIGHBOURS; i++)
        sockets[i] = (struct pollfd){.fd = h ? h->neighbours[i].socket : -1, .events = POLLIN};
}

bool heartbeat_is_silent(const struct heartbeat *h, int neighbour)
{
    const struct heartbeat_neighbour *n = &h->neighbours[neighbour];
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    getsockopt(n->socket, IPPROTO_TCP, TCP_INFO, &info, &size);
    return n->silent || info.tcpi_last_ack_recv > h->patience * 1000 / 2;
}
