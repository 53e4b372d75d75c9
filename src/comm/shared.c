/* shared.c - memory that the ranks of a node share: a window [barrier | block], allocated by local rank 0. */
#include "comm/shared.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "comm/activity.h"
#include "comm/comm_private.h"
#include "core/mem.h"
#include "core/system/trace.h"

/* Each word has a cache line: `arrived` changes with every arrival, `generation`, for which the others wait,
 * once per barrier. */
struct barrier {
    _Alignas(MEM_ALIGN) atomic_uint arrived;
    _Alignas(MEM_ALIGN) atomic_uint generation;
};

struct shared {
    MPI_Win window;
    struct barrier *barrier;
    char *base;
    unsigned ranks;
    int spins;       /* polls before the first yield */
    MPI_Comm polled; /* polled for messages while waiting; MPI_COMM_NULL on a single node */
};

/* Returns the folder in which Open MPI puts shared windows. */
static const char *find_backing_folder(void)
{
    const char *folder = getenv("OMPI_MCA_osc_sm_backing_directory");
    return folder ? folder : "/dev/shm";
}

double shared_room(const struct comm *c, const char **folder)
{
    struct statvfs fs;
    *folder = find_backing_folder();
    if (c->local_size == 1 || statvfs(*folder, &fs) != 0)
        return INFINITY; /* a single rank gets private memory */
    return (double)fs.f_bavail * (double)fs.f_frsize / c->nodes_here;
}

static enum status check_room(const struct comm *c, size_t bytes, const char *what)
{
    const char *folder;
    double room = shared_room(c, &folder) * c->nodes_here;
    if (c->local_rank != 0 || (double)bytes * c->nodes_here <= room) return STATUS_OK;
    return status_fail(STATUS_OTHER,
                       "%s: needs %.0f MB of shared memory, but %s has %.0f MB free; enlarge it or set "
                       "OMPI_MCA_osc_sm_backing_directory to a folder with more space",
                       what, (double)bytes * c->nodes_here / 1e6, folder, room / 1e6);
}

/* Returns the first multiple of MEM_ALIGN from `block` on. */
static void *align_up(char *block)
{
    return block + (MEM_ALIGN - (uintptr_t)block % MEM_ALIGN) % MEM_ALIGN;
}

/* Allocates the pages of a range now: another process may have filled the folder since it was checked, and
 * the first write would then raise SIGBUS. */
static enum status allocate_pages(char *first, size_t bytes, const char *what)
{
#ifdef MADV_POPULATE_WRITE /* Linux 5.14; older kernels have only check_room */
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = (uintptr_t)first / page * page;
    size_t length = (uintptr_t)first + bytes - start;
    if (bytes > 0 && madvise((void *)start, length, MADV_POPULATE_WRITE) != 0 && errno != EINVAL)
        return status_fail(
            STATUS_OTHER,
            "%s: %s is full; enlarge it or set OMPI_MCA_osc_sm_backing_directory to a folder with more space",
            what, find_backing_folder());
#endif
    return STATUS_OK;
}

/* Zeroes the block. Each rank touches its share first, which places the share near that rank on NUMA
 * machines. Collective. */
static enum status clear_block(struct shared *s, struct comm *comm, size_t bytes, const char *what)
{
    size_t share = bytes / s->ranks, first = share * (size_t)comm->local_rank;
    if (comm->local_rank == comm->local_size - 1) share = bytes - first;
    enum status status = allocate_pages(s->base + first, share, what);
    if (status == STATUS_OK && comm->local_rank == 0)
        status = allocate_pages((char *)s->barrier, sizeof *s->barrier, what);
    TRY(comm_agree(comm, status));
    memset(s->base + first, 0, share);
    if (comm->local_rank == 0) memset(s->barrier, 0, sizeof *s->barrier);
    MPI_Barrier(comm->node);
    return STATUS_OK;
}

enum status shared_create(struct shared **out, struct comm *comm, size_t bytes, const char *what)
{
    size_t total = sizeof(struct barrier) + bytes + MEM_ALIGN;
    *out = NULL;
    TRY(comm_agree(comm, check_room(comm, total, what)));
    struct shared *s = NULL;
    enum status status = comm_agree(comm, mem_alloc(&s, 1, sizeof *s, what));
    if (status != STATUS_OK) {
        mem_free(&s);
        return status;
    }

    void *mine;
    MPI_Win_allocate_shared(comm->local_rank == 0 ? (MPI_Aint)total : 0, 1, MPI_INFO_NULL, comm->node, &mine,
                            &s->window);
    MPI_Aint size;
    int unit;
    MPI_Win_shared_query(s->window, 0, &size, &unit, &mine);
    s->barrier = align_up(mine);
    s->base = (char *)(s->barrier + 1);
    s->ranks = (unsigned)comm->local_size;
    s->spins = comm->crowded ? 0 : 2000;
    s->polled = comm->nodes > 1 ? comm->world : MPI_COMM_NULL;
    status = clear_block(s, comm, bytes, what);
    if (status != STATUS_OK) shared_destroy(&s);
    *out = s;
    return status;
}

void shared_destroy(struct shared **s)
{
    if (*s) MPI_Win_free(&(*s)->window);
    mem_free(s);
}

void *shared_base(const struct shared *s)
{
    return s->base;
}

static void pause_core(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

/* MPI moves this process's messages between nodes only during its calls, and another node may be waiting for
 * them. */
static void poll_messages(MPI_Comm polled)
{
    int any;
    if (polled != MPI_COMM_NULL) MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, polled, &any, MPI_STATUS_IGNORE);
}

void shared_pause(const struct shared *s, int *polls)
{
    if (*polls < s->spins) {
        (*polls)++;
        pause_core();
        return;
    }
    poll_messages(s->polled);
    sched_yield();
}

/* A counting barrier with generations. */
void shared_barrier(struct shared *s)
{
    unsigned generation = atomic_load_explicit(&s->barrier->generation, memory_order_relaxed);
    unsigned arrived = atomic_fetch_add_explicit(&s->barrier->arrived, 1, memory_order_acq_rel) + 1;
    if (arrived == s->ranks) {
        atomic_store_explicit(&s->barrier->arrived, 0, memory_order_relaxed);
        atomic_store_explicit(&s->barrier->generation, generation + 1, memory_order_release);
        return;
    }
    int polls = 0;
    double start = trace_begin();
    activity_begin_wait(ACTIVITY_WAIT_ALL, 0);
    while (atomic_load_explicit(&s->barrier->generation, memory_order_acquire) == generation)
        shared_pause(s, &polls);
    activity_end_wait();
    trace_end(start, TRACE_WAIT, "wait", 0);
}

/* Release here and acquire in shared_reached make all earlier writes visible. */
void shared_raise(struct shared_counter *c, uint64_t value)
{
    atomic_store_explicit(&c->value, value, memory_order_release);
}

bool shared_reached(const struct shared_counter *c, uint64_t value)
{
    return atomic_load_explicit(&c->value, memory_order_acquire) >= value;
}

void shared_wait(const struct shared *s, const struct shared_counter *counters, uint64_t value)
{
    unsigned rank = 0;
    while (rank < s->ranks && shared_reached(&counters[rank], value)) rank++;
    if (rank == s->ranks) return;
    double start = trace_begin();
    for (int polls = 0; rank < s->ranks; rank++) {
        if (!shared_reached(&counters[rank], value)) activity_begin_wait(ACTIVITY_WAIT_RANK, (int)rank);
        while (!shared_reached(&counters[rank], value)) shared_pause(s, &polls);
    }
    activity_end_wait();
    trace_end(start, TRACE_WAIT, "wait", 0);
}
