/* mpi.c - records every MPI call that may block as a wait, for the watchdog.
 *
 * MPI lets a program replace its functions (MPI 3.1, chapter 14: the profiling interface); the real ones are
 * called PMPI_. The functions here replace those that comm calls, so that no call can be forgotten. */
#include <mpi.h>

#include "comm/activity.h"

static int end_call(int code)
{
    activity_end_wait();
    return code;
}

#define WAIT_FOR(call) return activity_begin_wait(ACTIVITY_WAIT_ALL, 0), end_call(call)

int MPI_Barrier(MPI_Comm comm)
{
    WAIT_FOR(PMPI_Barrier(comm));
}

int MPI_Bcast(void *data, int count, MPI_Datatype type, int root, MPI_Comm comm)
{
    WAIT_FOR(PMPI_Bcast(data, count, type, root, comm));
}

int MPI_Reduce(const void *from, void *to, int count, MPI_Datatype type, MPI_Op op, int root, MPI_Comm comm)
{
    WAIT_FOR(PMPI_Reduce(from, to, count, type, op, root, comm));
}

int MPI_Allreduce(const void *from, void *to, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm)
{
    WAIT_FOR(PMPI_Allreduce(from, to, count, type, op, comm));
}

int MPI_Gatherv(const void *from, int count, MPI_Datatype from_type, void *to, const int counts[],
                const int offsets[], MPI_Datatype to_type, int root, MPI_Comm comm)
{
    WAIT_FOR(PMPI_Gatherv(from, count, from_type, to, counts, offsets, to_type, root, comm));
}

int MPI_Allgather(const void *from, int count, MPI_Datatype from_type, void *to, int to_count,
                  MPI_Datatype to_type, MPI_Comm comm)
{
    WAIT_FOR(PMPI_Allgather(from, count, from_type, to, to_count, to_type, comm));
}

int MPI_Allgatherv(const void *from, int count, MPI_Datatype from_type, void *to, const int counts[],
                   const int offsets[], MPI_Datatype to_type, MPI_Comm comm)
{
    WAIT_FOR(PMPI_Allgatherv(from, count, from_type, to, counts, offsets, to_type, comm));
}

int MPI_Send(const void *data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm)
{
    WAIT_FOR(PMPI_Send(data, count, type, to, tag, comm));
}

int MPI_Recv(void *data, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm, MPI_Status *status)
{
    WAIT_FOR(PMPI_Recv(data, count, type, from, tag, comm, status));
}

int MPI_Sendrecv(const void *out, int out_count, MPI_Datatype out_type, int to, int out_tag, void *in,
                 int in_count, MPI_Datatype in_type, int from, int in_tag, MPI_Comm comm, MPI_Status *status)
{
    WAIT_FOR(PMPI_Sendrecv(out, out_count, out_type, to, out_tag, in, in_count, in_type, from, in_tag, comm,
                           status));
}

int MPI_Waitall(int count, MPI_Request requests[], MPI_Status statuses[])
{
    WAIT_FOR(PMPI_Waitall(count, requests, statuses));
}

int MPI_Win_allocate_shared(MPI_Aint size, int unit, MPI_Info info, MPI_Comm comm, void *base,
                            MPI_Win *window)
{
    WAIT_FOR(PMPI_Win_allocate_shared(size, unit, info, comm, base, window));
}

int MPI_Win_free(MPI_Win *window)
{
    WAIT_FOR(PMPI_Win_free(window));
}
