/* heartbeat_meet.c - how neighbours in the ring find each other.
 *
 * A machine has many addresses, and which of them another one reaches nobody knows: networks of containers have the same ones
 * everywhere. So all are called at once, and it counts who answers: the caller says hello with the job's token, the other one
 * answers the first hello with its own, and turns away the rest. */
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "comm/watch/heartbeat.h"
#include "core/system/clock.h"

#define CALLS         (HEARTBEAT_ADDRESSES + 8) /* own ones and those of others, at a time */
#define PROBE_SECONDS 1

struct hello {
    unsigned char token[HEARTBEAT_TOKEN];
    int32_t from, to; /* nodes */
};

struct call {
    int socket;   /* -1 = free */
    bool mine;    /* calls the next neighbour; the others come from the previous one, or from strangers */
    bool greeted; /* has said hello */
    size_t have;  /* bytes */
    struct hello answer; /* of the other side */
};

struct meeting {
    struct heartbeat *h;
    const unsigned char *token;
    struct call calls[CALLS];
};

/* Being reached. */

static bool is_useful(const struct ifaddrs *i, bool loopback)
{
    if (!i->ifa_addr || !(i->ifa_flags & IFF_UP)) return false;
    if (loopback != ((i->ifa_flags & IFF_LOOPBACK) != 0)) return false;
    if (i->ifa_addr->sa_family != AF_INET6) return i->ifa_addr->sa_family == AF_INET;
    const struct sockaddr_in6 *v6 = (const void *)i->ifa_addr;
    return !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr); /* means nothing without the caller's interface */
}

static void add_addresses(struct heartbeat_card *card, const struct ifaddrs *all, in_port_t port,
                          bool loopback)
{
    for (const struct ifaddrs *i = all; i && card->count < HEARTBEAT_ADDRESSES; i = i->ifa_next) {
        if (!is_useful(i, loopback)) continue;
        union heartbeat_address *a = &card->addresses[card->count++];
        if (i->ifa_addr->sa_family == AF_INET) {
            memcpy(&a->v4, i->ifa_addr, sizeof a->v4);
            a->v4.sin_port = port;
        } else {
            memcpy(&a->v6, i->ifa_addr, sizeof a->v6);
            a->v6.sin6_port = port;
        }
    }
}

static int open_socket(int family)
{
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* On all addresses of both kinds, at a port that the kernel chooses; 0 = it cannot. */
static in_port_t listen_at_any(int *listener)
{
    union heartbeat_address any = {.v6 = {.sin6_family = AF_INET6}};
    socklen_t size = sizeof any;
    int off = 0;
    *listener = open_socket(AF_INET6);
    if (*listener < 0) {
        any = (union heartbeat_address){.v4 = {.sin_family = AF_INET}};
        *listener = open_socket(AF_INET);
    } else
        setsockopt(*listener, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (*listener < 0 || bind(*listener, &any.any, sizeof any) < 0 || listen(*listener, CALLS) < 0 ||
        getsockname(*listener, &any.any, &size) < 0)
        return 0;
    return any.any.sa_family == AF_INET ? any.v4.sin_port : any.v6.sin6_port;
}

int heartbeat_meet_open(struct heartbeat_card *mine)
{
    int listener;
    struct ifaddrs *all = NULL;
    process_host(mine->host);
    in_port_t port = listen_at_any(&listener);
    if (!port || getifaddrs(&all) < 0) return listener;
    add_addresses(mine, all, port, false);
    if (mine->count == 0) add_addresses(mine, all, port, true); /* all nodes are parts of a lonely machine */
    freeifaddrs(all);
    return listener;
}

/* Calling and answering. */

static struct call *free_call(struct meeting *m)
{
    for (int i = 0; i < CALLS; i++)
        if (m->calls[i].socket < 0) return &m->calls[i];
    return NULL;
}

static void hang_up(struct call *c)
{
    if (c->socket >= 0) close(c->socket);
    c->socket = -1;
}

static void begin_call(struct meeting *m, const union heartbeat_address *to)
{
    struct call *c = free_call(m);
    *c = (struct call){.socket = open_socket(to->any.sa_family), .mine = true};
    if (c->socket < 0) return;
    socklen_t size = to->any.sa_family == AF_INET ? sizeof to->v4 : sizeof to->v6;
    if (connect(c->socket, &to->any, size) < 0 && errno != EINPROGRESS) hang_up(c);
}

static void take_call(struct meeting *m, int listener)
{
    int caller = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (caller >= 0) *free_call(m) = (struct call){.socket = caller};
}

static struct heartbeat_neighbour *neighbour_of(struct meeting *m, const struct call *c)
{
    return &m->h->neighbours[c->mine ? HEARTBEAT_NEXT : HEARTBEAT_PREVIOUS];
}

/* A connection that did not come about says so here. */
static bool greet(struct meeting *m, struct call *c)
{
    struct hello hello = {.from = m->h->node, .to = neighbour_of(m, c)->node};
    memcpy(hello.token, m->token, sizeof hello.token);
    c->greeted = send(c->socket, &hello, sizeof hello, MSG_NOSIGNAL) == (ssize_t)sizeof hello;
    return c->greeted;
}

static bool is_known(struct meeting *m, const struct call *c)
{
    return memcmp(c->answer.token, m->token, sizeof c->answer.token) == 0 &&
           c->answer.from == neighbour_of(m, c)->node && c->answer.to == m->h->node;
}

/* From now on the kernel looks after the connection: it fails when `patience` has passed without an answer to the kernel's own
 * questions or to what was said. */
static void keep(struct meeting *m, struct call *c)
{
    int on = 1, seconds = PROBE_SECONDS;
    unsigned patience = (unsigned)(m->h->patience * 1000);
    setsockopt(c->socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(c->socket, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
    setsockopt(c->socket, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof seconds);
    setsockopt(c->socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience, sizeof patience);
    setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    neighbour_of(m, c)->socket = c->socket;
    c->socket = -1;
}

static void go_on(struct meeting *m, struct call *c)
{
    if (c->mine && !c->greeted) {
        if (!greet(m, c)) hang_up(c);
        return;
    }
    ssize_t got = recv(c->socket, (char *)&c->answer + c->have, sizeof c->answer - c->have, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got > 0) c->have += (size_t)got;
    if (got > 0 && c->have < sizeof c->answer) return;
    bool wanted = got > 0 && is_known(m, c) && neighbour_of(m, c)->socket < 0;
    if (wanted && (c->mine || greet(m, c)))
        keep(m, c);
    else
        hang_up(c);
}

static void wait_for_calls(struct meeting *m, int listener, double seconds)
{
    struct pollfd ready[CALLS + 1];
    for (int i = 0; i < CALLS; i++) {
        const struct call *c = &m->calls[i];
        ready[i] = (struct pollfd){.fd = c->socket, .events = c->mine && !c->greeted ? POLLOUT : POLLIN};
    }
    ready[CALLS] = (struct pollfd){.fd = free_call(m) ? listener : -1, .events = POLLIN};
    if (poll(ready, CALLS + 1, (int)(seconds * 1000) + 1) <= 0) return;
    for (int i = 0; i < CALLS; i++)
        if (ready[i].revents) go_on(m, &m->calls[i]);
    if (ready[CALLS].revents) take_call(m, listener);
}

void heartbeat_meet(struct heartbeat *h, int listener, const struct heartbeat_card *next,
                    const unsigned char token[HEARTBEAT_TOKEN], double seconds)
{
    struct meeting m = {.h = h, .token = token};
    const struct heartbeat_neighbour *n = h->neighbours;
    double end = clock_seconds() + seconds;
    for (int i = 0; i < CALLS; i++) m.calls[i].socket = -1;
    for (int i = 0; i < next->count; i++) begin_call(&m, &next->addresses[i]);
    while (n[HEARTBEAT_NEXT].socket < 0 || n[HEARTBEAT_PREVIOUS].socket < 0) {
        double left = end - clock_seconds();
        if (left <= 0) break;
        wait_for_calls(&m, listener, left);
    }
    for (int i = 0; i < CALLS; i++) hang_up(&m.calls[i]);
}
