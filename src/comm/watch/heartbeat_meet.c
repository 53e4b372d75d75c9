/* heartbeat_meet.c - how neighbours in the ring connect.
 *
 * A machine has many addresses, and which of them another machine can reach is unknown: container networks
 * use the same ones everywhere. So all addresses are called at once, and the first that answers correctly is
 * used: the caller sends a hello with the job's token, the other side answers the first valid hello with its
 * own and rejects the rest. */
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "comm/watch/heartbeat.h"
#include "core/system/clock.h"

#define CALLS         (HEARTBEAT_ADDRESSES + 8) /* outgoing and incoming at the same time */
#define PROBE_SECONDS 1

struct hello {
    unsigned char token[HEARTBEAT_TOKEN];
    int32_t from, to; /* nodes */
};

struct call {
    int socket;          /* -1 = free */
    bool mine;           /* to the next neighbour; incoming ones are from the previous one, or foreign */
    bool greeted;        /* hello sent */
    size_t received;     /* bytes of the answer */
    struct hello answer; /* of the other side */
};

struct meeting {
    struct heartbeat *h;
    const unsigned char *token;
    struct call calls[CALLS];
};

/* Listening. */

static bool is_usable(const struct ifaddrs *i, bool loopback)
{
    if (!i->ifa_addr || !(i->ifa_flags & IFF_UP)) return false;
    if (loopback != ((i->ifa_flags & IFF_LOOPBACK) != 0)) return false;
    if (i->ifa_addr->sa_family != AF_INET6) return i->ifa_addr->sa_family == AF_INET;
    const struct sockaddr_in6 *v6 = (const void *)i->ifa_addr;
    return !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr); /* means nothing without the caller's interface */
}

static void add_addresses(struct heartbeat_contact *contact, const struct ifaddrs *all, in_port_t port,
                          bool loopback)
{
    for (const struct ifaddrs *i = all; i && contact->count < HEARTBEAT_ADDRESSES; i = i->ifa_next) {
        if (!is_usable(i, loopback)) continue;
        union heartbeat_address *a = &contact->addresses[contact->count++];
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

/* Listens on all IPv4 and IPv6 addresses, at a port that the kernel chooses. Returns the port, or 0 on
 * failure. */
static in_port_t listen_anywhere(int *listener)
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

int heartbeat_meet_open(struct heartbeat_contact *mine)
{
    int listener;
    struct ifaddrs *all = NULL;
    process_host(mine->host);
    in_port_t port = listen_anywhere(&listener);
    if (!port || getifaddrs(&all) < 0) return listener;
    add_addresses(mine, all, port, false);
    if (mine->count == 0)
        add_addresses(mine, all, port, true); /* a machine without a network, cut into nodes */
    freeifaddrs(all);
    return listener;
}

/* Calling and answering. */

static struct call *find_free_call(struct meeting *m)
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
    struct call *c = find_free_call(m);
    *c = (struct call){.socket = open_socket(to->any.sa_family), .mine = true};
    if (c->socket < 0) return;
    socklen_t size = to->any.sa_family == AF_INET ? sizeof to->v4 : sizeof to->v6;
    if (connect(c->socket, &to->any, size) < 0 && errno != EINPROGRESS) hang_up(c);
}

static void accept_call(struct meeting *m, int listener)
{
    int caller = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (caller >= 0) *find_free_call(m) = (struct call){.socket = caller};
}

static struct heartbeat_neighbour *find_neighbour(struct meeting *m, const struct call *c)
{
    return &m->h->neighbours[c->mine ? HEARTBEAT_NEXT : HEARTBEAT_PREVIOUS];
}

/* Fails here if the connection could not be made. */
static bool send_hello(struct meeting *m, struct call *c)
{
    struct hello hello = {.from = m->h->node, .to = find_neighbour(m, c)->node};
    memcpy(hello.token, m->token, sizeof hello.token);
    c->greeted = send(c->socket, &hello, sizeof hello, MSG_NOSIGNAL) == (ssize_t)sizeof hello;
    return c->greeted;
}

static bool is_valid_answer(struct meeting *m, const struct call *c)
{
    return memcmp(c->answer.token, m->token, sizeof c->answer.token) == 0 &&
           c->answer.from == find_neighbour(m, c)->node && c->answer.to == m->h->node;
}

/* Makes the call the connection to its neighbour. From now on the kernel closes it when `patience` has passed
 * without an answer to a keepalive probe or to data. */
static void keep_call(struct meeting *m, struct call *c)
{
    int on = 1, seconds = PROBE_SECONDS;
    unsigned patience = (unsigned)(m->h->patience * 1000);
    setsockopt(c->socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(c->socket, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
    setsockopt(c->socket, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof seconds);
    setsockopt(c->socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience, sizeof patience);
    setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    find_neighbour(m, c)->socket = c->socket;
    c->socket = -1;
}

static void continue_call(struct meeting *m, struct call *c)
{
    if (c->mine && !c->greeted) {
        if (!send_hello(m, c)) hang_up(c);
        return;
    }
    ssize_t got = recv(c->socket, (char *)&c->answer + c->received, sizeof c->answer - c->received, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got > 0) c->received += (size_t)got;
    if (got > 0 && c->received < sizeof c->answer) return;
    bool wanted = got > 0 && is_valid_answer(m, c) && find_neighbour(m, c)->socket < 0;
    if (wanted && (c->mine || send_hello(m, c)))
        keep_call(m, c);
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
    ready[CALLS] = (struct pollfd){.fd = find_free_call(m) ? listener : -1, .events = POLLIN};
    if (poll(ready, CALLS + 1, (int)(seconds * 1000) + 1) <= 0) return;
    for (int i = 0; i < CALLS; i++)
        if (ready[i].revents) continue_call(m, &m->calls[i]);
    if (ready[CALLS].revents) accept_call(m, listener);
}

void heartbeat_meet(struct heartbeat *h, int listener, const struct heartbeat_contact *next,
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
