/* comm.c - starts MPI, numbers ranks and nodes, and passes messages between all ranks. */
#include "comm/comm_private.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "comm/leftovers.h"
#include "core/system/clock.h"
#include "core/system/cores.h"
#include "core/mem.h"

/* Compares the ranks of this machine with the cores that any of them may run on. By then all have started, so
 * that one of them can hide the files of Open MPI. */
static void examine_machine(struct comm *c)
{
    MPI_Comm machine;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
    cpu_set_t cores;
    CPU_ZERO(&cores);
    sched_getaffinity(0, sizeof cores, &cores);
    MPI_Allreduce(MPI_IN_PLACE, &cores, sizeof cores, MPI_BYTE, MPI_BOR, machine);
    int rank, ranks;
    MPI_Comm_rank(machine, &rank);
    MPI_Comm_size(machine, &ranks);
    MPI_Comm_free(&machine);
    cores_allow(&cores, sizeof cores);
    c->crowded = ranks > CPU_COUNT(&cores);
    if (rank == 0) leftovers_hide(ranks);
}

/* Open MPI opens the drivers of every network before it starts, and a process without mpirun a daemon of its
 * own, which takes a third of a second. A job on one machine needs neither. Settings of the user are kept. */
static void skip_networks(void)
{
    const char *all = getenv("OMPI_COMM_WORLD_SIZE"), *here = getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
    bool alone = !all && !getenv("PMIX_RANK") && !getenv("PMI_RANK") && !getenv("SLURM_PROCID");
    if (alone) setenv("OMPI_MCA_ess_singleton_isolated", "1", 0);
    if (alone) setenv("OMPI_MCA_orte_create_session_dirs", "0", 0); /* a killed process would leave them */
    if (alone || (all && here && strcmp(all, here) == 0)) setenv("OMPI_MCA_pml", "ob1", 0);
}

enum status comm_create(struct comm **out, int *argc, char ***argv)
{
    skip_networks();
    int threads; /* only this thread makes MPI calls */
    MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &threads);
    enum status status = mem_alloc(out, 1, sizeof **out, "communicator");
    struct comm *c = *out;
    if (!c) { /* there is no other way yet to inform the other ranks */
        fprintf(stderr, "ddp_train: error: %s\n", status_text());
        MPI_Abort(MPI_COMM_WORLD, (int)status);
        return status;
    }
    c->world = c->node = c->column = MPI_COMM_NULL;
    examine_machine(c);
    return comm_split_nodes(c, 0);
}

static void free_communicators(struct comm *c)
{
    MPI_Comm *all[] = {&c->world, &c->node, &c->column};
    for (int i = 0; i < 3; i++)
        if (*all[i] != MPI_COMM_NULL) MPI_Comm_free(all[i]);
    mem_free(&c->node_first);
}

void comm_destroy(struct comm **c)
{
    if (*c) free_communicators(*c);
    mem_free(c);
    leftovers_restore();
    MPI_Finalize();
}

/* Makes the node communicator and numbers the nodes in the order of their first ranks. */
static void find_node(struct comm *c, int64_t ranks_per_node)
{
    int world_rank, machine_rank, machine_size;
    MPI_Comm machine;
    MPI_Comm_rank(MPI_COMM_WORLD, &world_rank);
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, world_rank, MPI_INFO_NULL, &machine);
    MPI_Comm_rank(machine, &machine_rank);
    MPI_Comm_size(machine, &machine_size);
    c->nodes_here = ranks_per_node > 0 ? (int)((machine_size + ranks_per_node - 1) / ranks_per_node) : 1;
    int color = ranks_per_node > 0 ? (int)(machine_rank / ranks_per_node) : 0;
    MPI_Comm_split(machine, color, machine_rank, &c->node);
    MPI_Comm_free(&machine);
    MPI_Comm_rank(c->node, &c->local_rank);
    MPI_Comm_size(c->node, &c->local_size);

    int leads = c->local_rank == 0, leader_number = 0;
    MPI_Exscan(&leads, &leader_number, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (world_rank == 0) leader_number = 0; /* MPI_Exscan leaves rank 0's result undefined */
    c->node_index = leader_number;
    MPI_Bcast(&c->node_index, 1, MPI_INT, 0, c->node);
    MPI_Allreduce(&leads, &c->nodes, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
}

enum status comm_split_nodes(struct comm *c, int64_t ranks_per_node)
{
    free_communicators(c);
    find_node(c, ranks_per_node);
    MPI_Comm_size(MPI_COMM_WORLD, &c->size);
    MPI_Comm_split(MPI_COMM_WORLD, 0, c->node_index, &c->world); /* within a node the order is kept */
    MPI_Comm_rank(c->world, &c->rank);

    MPI_Allreduce(&c->local_size, &c->columns, 1, MPI_INT, MPI_MIN, c->world);
    MPI_Comm_split(c->world, c->local_rank < c->columns ? c->local_rank : MPI_UNDEFINED, c->node_index,
                   &c->column);

    TRY(comm_agree(c, mem_alloc(&c->node_first, (size_t)c->nodes + 1, sizeof *c->node_first, "node table")));
    for (int i = 0; i <= c->nodes; i++) c->node_first[i] = c->size;
    c->node_first[c->node_index] = c->rank - c->local_rank;
    MPI_Allreduce(MPI_IN_PLACE, c->node_first, c->nodes, MPI_INT, MPI_MIN, c->world);
    return STATUS_OK;
}

int comm_rank(const struct comm *c)
{
    return c->rank;
}

int comm_size(const struct comm *c)
{
    return c->size;
}

int comm_nodes(const struct comm *c)
{
    return c->nodes;
}

int comm_node(const struct comm *c)
{
    return c->node_index;
}

int comm_node_of(const struct comm *c, int rank)
{
    int node = 0;
    while (rank >= c->node_first[node + 1]) node++;
    return node;
}

int comm_local_rank(const struct comm *c)
{
    return c->local_rank;
}

int comm_local_size(const struct comm *c)
{
    return c->local_size;
}

int comm_nodes_here(const struct comm *c)
{
    return c->nodes_here;
}

bool comm_crowded(const struct comm *c)
{
    return c->crowded;
}

enum status comm_agree(struct comm *c, enum status mine)
{
    int first = mine == STATUS_OK ? INT_MAX : c->rank;
    MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT, MPI_MIN, c->world);
    if (first == INT_MAX) return STATUS_OK;

    struct {
        int code;
        char text[STATUS_TEXT_SIZE];
    } failure = {.code = (int)mine};
    memcpy(failure.text, status_text(), strlen(status_text()) + 1);
    MPI_Bcast(&failure, (int)sizeof failure, MPI_BYTE, first, c->world);
    if (first == 0) return status_fail((enum status)failure.code, "%s", failure.text);
    return status_fail((enum status)failure.code, "rank %d: %s", first, failure.text);
}

enum status comm_share_text(struct comm *c, char **text)
{
    int64_t bytes = c->rank == 0 ? (int64_t)strlen(*text) + 1 : 0;
    MPI_Bcast(&bytes, 1, MPI_INT64_T, 0, c->world);
    assert(bytes <= INT_MAX);
    enum status status = c->rank == 0 ? STATUS_OK : mem_alloc(text, (size_t)bytes, 1, "shared text");
    status = comm_agree(c, status);
    if (status != STATUS_OK && c->rank != 0) mem_free(text);
    TRY(status);
    MPI_Bcast(*text, (int)bytes, MPI_CHAR, 0, c->world);
    return STATUS_OK;
}

void comm_share_bytes(struct comm *c, void *data, size_t bytes)
{
    assert(bytes <= INT_MAX);
    MPI_Bcast(data, (int)bytes, MPI_BYTE, 0, c->world);
}

void comm_host_of(struct comm *c, int rank, char host[PROCESS_HOST_SIZE])
{
    process_host(host);
    MPI_Bcast(host, PROCESS_HOST_SIZE, MPI_CHAR, rank, c->world);
}

enum status comm_gather_text(struct comm *c, const char *text, void (*take)(void *self, const char *text),
                             void *self)
{
    char *others = NULL;
    int64_t bytes = (int64_t)strlen(text) + 1, longest;
    MPI_Reduce(&bytes, &longest, 1, MPI_INT64_T, MPI_MAX, 0, c->world);
    enum status status = STATUS_OK;
    if (c->rank == 0 && longest > INT_MAX)
        status = status_fail(STATUS_OTHER, "the texts of the ranks are too long for one message");
    if (c->rank == 0 && status == STATUS_OK)
        status = mem_alloc(&others, (size_t)longest, 1, "texts of the ranks");
    status = comm_agree(c, status);
    if (status == STATUS_OK && c->rank != 0) MPI_Send(text, (int)bytes, MPI_CHAR, 0, 0, c->world);
    for (int r = 0; status == STATUS_OK && c->rank == 0 && r < c->size; r++) {
        if (r > 0) MPI_Recv(others, (int)longest, MPI_CHAR, r, 0, c->world, MPI_STATUS_IGNORE);
        take(self, r > 0 ? others : text);
    }
    mem_free(&others);
    return status;
}

#define CLOCK_ROUNDS 20

/* Asks rank 0 for its time. The round with the shortest way there and back is the most precise one. */
static double measure_offset(struct comm *c)
{
    double shortest = INFINITY, offset = 0;
    for (int i = 0; i < CLOCK_ROUNDS; i++) {
        double theirs, start = clock_seconds();
        MPI_Sendrecv(NULL, 0, MPI_DOUBLE, 0, 0, &theirs, 1, MPI_DOUBLE, 0, 0, c->world, MPI_STATUS_IGNORE);
        double end = clock_seconds();
        if (end - start >= shortest) continue;
        shortest = end - start;
        offset = theirs - (start + end) / 2;
    }
    return offset;
}

double comm_clock_offset(struct comm *c)
{
    if (c->rank != 0) return c->node_index == 0 ? 0 : measure_offset(c);
    for (int r = c->local_size; r < c->size; r++)
        for (int i = 0; i < CLOCK_ROUNDS; i++) {
            MPI_Recv(NULL, 0, MPI_DOUBLE, r, 0, c->world, MPI_STATUS_IGNORE);
            double mine = clock_seconds();
            MPI_Send(&mine, 1, MPI_DOUBLE, r, 0, c->world);
        }
    return 0;
}

int64_t comm_gather_words(struct comm *c, int root, const uint32_t *mine, int64_t count, uint32_t *all)
{
    if (c->rank != root) {
        MPI_Send(&count, 1, MPI_INT64_T, root, 0, c->world);
        for (int64_t at = 0; at < count; at += COMM_MESSAGE)
            MPI_Send(mine + at, comm_message_count(count - at), MPI_UINT32_T, root, 0, c->world);
        return 0;
    }
    int64_t total = 0;
    for (int r = 0; r < c->size; r++) {
        int64_t theirs = count;
        if (r != root) MPI_Recv(&theirs, 1, MPI_INT64_T, r, 0, c->world, MPI_STATUS_IGNORE);
        for (int64_t at = 0; r != root && at < theirs; at += COMM_MESSAGE)
            MPI_Recv(all + total + at, comm_message_count(theirs - at), MPI_UINT32_T, r, 0, c->world,
                     MPI_STATUS_IGNORE);
        if (r == root && count > 0) memcpy(all + total, mine, (size_t)count * sizeof *all);
        total += theirs;
    }
    return total;
}

void comm_gather_floats(struct comm *c, const float *mine, int64_t count, float *room,
                        void (*take)(void *self, const float *values, int64_t count), void *self)
{
    if (c->rank == 0) take(self, mine, count);
    for (int r = 1; c->rank == 0 && r < c->size; r++) {
        MPI_Recv(&count, 1, MPI_INT64_T, r, 0, c->world, MPI_STATUS_IGNORE);
        for (int64_t at = 0; at < count; at += COMM_MESSAGE)
            MPI_Recv(room + at, comm_message_count(count - at), MPI_FLOAT, r, 0, c->world, MPI_STATUS_IGNORE);
        take(self, room, count);
    }
    if (c->rank == 0) return;
    MPI_Send(&count, 1, MPI_INT64_T, 0, 0, c->world);
    for (int64_t at = 0; at < count; at += COMM_MESSAGE)
        MPI_Send(mine + at, comm_message_count(count - at), MPI_FLOAT, 0, 0, c->world);
}

void comm_fold_doubles(struct comm *c, double *values, int64_t count, void (*add)(void *self, double *values),
                       void *self)
{
    assert(count <= INT_MAX);
    if (c->rank > 0) MPI_Recv(values, (int)count, MPI_DOUBLE, c->rank - 1, 0, c->world, MPI_STATUS_IGNORE);
    add(self, values);
    if (c->rank + 1 < c->size) MPI_Send(values, (int)count, MPI_DOUBLE, c->rank + 1, 0, c->world);
    MPI_Bcast(values, (int)count, MPI_DOUBLE, c->size - 1, c->world);
}

void comm_sum_int64(struct comm *c, int64_t *values, int64_t count)
{
    for (int64_t at = 0; at < count; at += COMM_MESSAGE)
        MPI_Allreduce(MPI_IN_PLACE, values + at, comm_message_count(count - at), MPI_INT64_T, MPI_SUM,
                      c->world);
}

void comm_merge_doubles(struct comm *c, double *values, int64_t count)
{
    for (int64_t at = 0; at < count; at += COMM_MESSAGE)
        MPI_Allreduce(MPI_IN_PLACE, values + at, comm_message_count(count - at), MPI_DOUBLE, MPI_SUM,
                      c->world);
}

int comm_find_different(struct comm *c, uint64_t value)
{
    uint64_t first = value;
    MPI_Bcast(&first, 1, MPI_UINT64_T, 0, c->world);
    int other = value == first ? INT_MAX : c->rank;
    MPI_Allreduce(MPI_IN_PLACE, &other, 1, MPI_INT, MPI_MIN, c->world);
    return other == INT_MAX ? 0 : other;
}

double comm_max(struct comm *c, double value)
{
    MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_DOUBLE, MPI_MAX, c->world);
    return value;
}

void comm_barrier(struct comm *c)
{
    MPI_Barrier(c->world);
}

const char *comm_version(void)
{
    static char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int length;
    MPI_Get_library_version(text, &length);
    text[strcspn(text, ",\n")] = '\0';
    return text;
}
