// ranks: 2 3
/* test_heartbeat.c - neighbours in the ring connect in spite of foreign callers, receive words, notice a
 * closed connection, and leave nothing open. Machines that do not answer are the matter of
 * tests/cluster/test_hosts_hang.py. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "comm/watch/heartbeat.h"
#include "core/system/clock.h"
#include "core/log.h"
#include "core/mem.h"

#define PATIENCE 5.0

static bool memory_is_out;

/* In place of the C library's, which mem_alloc would call. */
void *aligned_alloc(size_t alignment, size_t bytes)
{
    void *block;
    return memory_is_out || posix_memalign(&block, alignment, bytes) != 0 ? NULL : block;
}

static int open_files(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder && readdir(folder)) count++;
    if (folder) closedir(folder);
    return count;
}

/* The next word of a neighbour; waits two seconds for it. */
static enum heartbeat_word next_word(struct heartbeat *h, int neighbour)
{
    struct pollfd sockets[HEARTBEAT_NEIGHBOURS];
    heartbeat_sockets(h, sockets);
    poll(&sockets[neighbour], 1, 2000);
    return heartbeat_receive(h, neighbour);
}

static struct heartbeat *create(struct comm *c)
{
    struct heartbeat *h = NULL;
    CHECK_STATUS(heartbeat_create(&h, c, PATIENCE), STATUS_OK);
    return h;
}

static void check_ring(struct comm *c)
{
    int before = open_files(), nodes = comm_nodes(c);
    struct heartbeat *h = create(c);
    CHECK(open_files() == before + 2); /* no listener is left */
    CHECK(h->neighbours[HEARTBEAT_NEXT].node == (comm_node(c) + 1) % nodes);
    CHECK(h->neighbours[HEARTBEAT_PREVIOUS].node == (comm_node(c) + nodes - 1) % nodes);
    for (int i = 0; i < HEARTBEAT_NEIGHBOURS; i++) {
        CHECK(strlen(h->neighbours[i].host) > 0 && h->neighbours[i].socket >= 0);
        CHECK(heartbeat_receive(h, i) == HEARTBEAT_NOTHING && !heartbeat_is_silent(h, i));
    }
    comm_barrier(c);
    if (comm_node(c) == 0) heartbeat_send(h, HEARTBEAT_ALARM);
    if (comm_node(c) == 1) CHECK(next_word(h, HEARTBEAT_PREVIOUS) == HEARTBEAT_ALARM);
    if (comm_node(c) == nodes - 1) CHECK(next_word(h, HEARTBEAT_NEXT) == HEARTBEAT_ALARM);
    comm_barrier(c);
    if (comm_node(c) == 0) heartbeat_destroy(&h);
    if (comm_node(c) == 1) {
        CHECK(next_word(h, HEARTBEAT_PREVIOUS) == HEARTBEAT_GOODBYE);
        CHECK(next_word(h, HEARTBEAT_PREVIOUS) == HEARTBEAT_NOTHING);
        CHECK(h->neighbours[HEARTBEAT_PREVIOUS].socket < 0);
    }
    heartbeat_send(h, HEARTBEAT_NOW); /* also to a neighbour that is gone: no signal */
    heartbeat_destroy(&h);
    heartbeat_destroy(&h);
    CHECK(open_files() == before);
}

/* As the kernel does it for a process that is killed. */
static void check_closing(struct comm *c)
{
    struct heartbeat *h = create(c);
    comm_barrier(c);
    if (comm_node(c) == 0)
        for (int i = 0; i < HEARTBEAT_NEIGHBOURS; i++) {
            close(h->neighbours[i].socket);
            h->neighbours[i].socket = -1;
        }
    if (comm_node(c) == 1) CHECK(next_word(h, HEARTBEAT_PREVIOUS) == HEARTBEAT_CLOSED);
    comm_barrier(c);
    heartbeat_destroy(&h);
}

/* No more files than are open now. */
static void forbid_sockets(const struct rlimit *all)
{
    struct rlimit none = {.rlim_max = all->rlim_max};
    int first_free = dup(2);
    close(first_free);
    none.rlim_cur = (rlim_t)first_free;
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0 && dup(2) < 0);
}

/* Node 1 can open no sockets: rank 0 warns, and nothing else happens. */
static void check_no_sockets(struct comm *c)
{
    struct rlimit all;
    getrlimit(RLIMIT_NOFILE, &all);
    int before = open_files();
    FILE *said = tmpfile();
    int stderr_before = comm_rank(c) == 0 ? dup(2) : -1;
    if (comm_rank(c) == 0) dup2(fileno(said), 2);
    if (comm_node(c) == 1) forbid_sockets(&all);
    struct heartbeat *h = create(c);
    if (comm_rank(c) == 0) dup2(stderr_before, 2), close(stderr_before);
    setrlimit(RLIMIT_NOFILE, &all);
    int joined = 0;
    for (int i = 0; i < HEARTBEAT_NEIGHBOURS; i++) {
        joined += h->neighbours[i].socket >= 0;
        CHECK(heartbeat_receive(h, i) == HEARTBEAT_NOTHING);
    }
    CHECK(joined == (comm_node(c) == 1 || comm_nodes(c) == 2 ? 0 : 1));
    comm_barrier(c);
    heartbeat_send(h, HEARTBEAT_NOW);
    heartbeat_destroy(&h);
    char text[1024] = "";
    rewind(said);
    size_t length = fread(text, 1, sizeof text - 1, said);
    CHECK((length > 0) == (comm_rank(c) == 0));
    CHECK(length == 0 || (strstr(text, "warning: host ") && strstr(text, "sync.timeout\n")));
    fclose(said);
    CHECK(open_files() == before);
}

/* Node 1 is out of memory: no node has half a ring, whose end would close the files of others. */
static void check_no_memory(struct comm *c)
{
    struct heartbeat *h = NULL;
    int before = open_files();
    memory_is_out = comm_node(c) == 1;
    CHECK_STATUS(heartbeat_create(&h, c, PATIENCE), STATUS_OTHER);
    memory_is_out = false;
    CHECK(strstr(status_text(), "out of memory") && !h);
    heartbeat_destroy(&h);
    CHECK(open_files() == before);
}

/* Foreign callers come first: a silent one, one that closes, one with a wrong token, and one with the right
 * token for another node. One process is its own neighbour here. */
static void check_foreign_callers(void)
{
    static const unsigned char token[HEARTBEAT_TOKEN] = "0123456789abcde";
    struct heartbeat h = {.node = 7, .patience = PATIENCE, .neighbours = {{-1, 7}, {-1, 7}}};
    struct heartbeat_contact contact = {0};
    int before = open_files(), listener = heartbeat_meet_open(&contact), callers[4];
    char hello[HEARTBEAT_TOKEN + 8] = {0};
    CHECK(listener >= 0 && contact.count > 0);
    const union heartbeat_address *a = &contact.addresses[0];
    for (int i = 0; i < 4; i++) {
        callers[i] = socket(a->any.sa_family, SOCK_STREAM, 0);
        CHECK(connect(callers[i], &a->any, a->any.sa_family == AF_INET ? sizeof a->v4 : sizeof a->v6) == 0);
        if (i == 3) memcpy(hello, token, sizeof token); /* from node 0 to node 0 */
        if (i >= 2) CHECK(send(callers[i], hello, sizeof hello, 0) == (ssize_t)sizeof hello);
    }
    close(callers[1]);
    double start = clock_seconds();
    heartbeat_meet(&h, listener, &contact, token, 5);
    CHECK(clock_seconds() - start < 4);
    CHECK(h.neighbours[HEARTBEAT_NEXT].socket >= 0 && h.neighbours[HEARTBEAT_PREVIOUS].socket >= 0);
    heartbeat_send(&h, HEARTBEAT_NOW);
    for (int i = 0; i < HEARTBEAT_NEIGHBOURS; i++) CHECK(next_word(&h, i) == HEARTBEAT_NOW);
    for (int i = 0; i < 4; i++) /* they received nothing */
        CHECK(i == 1 || recv(callers[i], hello, sizeof hello, MSG_DONTWAIT) <= 0);
    for (int i = 0; i < 4; i++)
        if (i != 1) close(callers[i]);
    for (int i = 0; i < HEARTBEAT_NEIGHBOURS; i++) close(h.neighbours[i].socket);
    close(listener);
    CHECK(open_files() == before);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    struct comm *c = NULL;
    CHECK_STATUS(comm_create(&c, &argc, &argv), STATUS_OK);
    log_enable(comm_rank(c) == 0);
    CHECK_STATUS(comm_split_nodes(c, 1), STATUS_OK);
    CHECK_CASE(check_ring(c));
    CHECK_CASE(check_closing(c));
    CHECK_CASE(check_no_sockets(c));
    CHECK_CASE(check_no_memory(c));
    CHECK_CASE(check_foreign_callers());
    comm_destroy(&c);
    CHECK(mem_alive() == 0);
    return check_result();
}
