/* comm_private.h - the communicators, for the files of comm. */
#ifndef COMM_COMM_PRIVATE_H
#define COMM_COMM_PRIVATE_H

#include <mpi.h>

#include "comm/comm.h"

struct comm {
    MPI_Comm world; /* all ranks, node by node */
    MPI_Comm node;  /* the ranks of this node, in order */
    MPI_Comm
        column; /* the ranks with this local rank on every node; MPI_COMM_NULL if a node has fewer ranks */
    int rank, size;
    int local_rank, local_size;
    int node_index, nodes;
    int *node_first; /* [nodes + 1]: first rank of each node */
    int columns;     /* ranks of the smallest node: the number of columns */
    int nodes_here;  /* nodes on this machine: more than 1 only if it was cut */
    bool crowded;
};

/* MPI counts in int: long vectors go in messages of this many numbers at most. */
#define COMM_MESSAGE ((int64_t)1 << 24)

static inline int comm_message_count(int64_t left)
{
    return (int)(left < COMM_MESSAGE ? left : COMM_MESSAGE);
}

#endif
