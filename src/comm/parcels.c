/* parcels.c - bytes that ranks send each other while they compute. */
#include "comm/parcels.h"

#include <assert.h>

#include "comm/comm_private.h"
#include "core/mem.h"

#define PIECE_BYTES ((size_t)1 << 30) /* of a message: MPI counts in int */

struct parcels {
    MPI_Comm comm; /* of its own, so that no other message is taken for a parcel */
    MPI_Request *requests;
    int64_t room;
    int count;
};

enum status parcels_create(struct parcels **out, struct comm *comm, int64_t count, size_t bytes)
{
    int64_t pieces = (int64_t)((bytes + PIECE_BYTES - 1) / PIECE_BYTES);
    enum status status = mem_alloc(out, 1, sizeof **out, "messages");
    if (status == STATUS_OK) {
        (*out)->comm = MPI_COMM_NULL;
        (*out)->room = count * pieces;
        status = mem_alloc(&(*out)->requests, (size_t)(*out)->room, sizeof *(*out)->requests, "messages");
    }
    status = comm_agree(comm, status);
    if (status == STATUS_OK)
        MPI_Comm_dup(comm->world, &(*out)->comm);
    else
        parcels_destroy(out);
    return status;
}

void parcels_destroy(struct parcels **p)
{
    if (!*p) return;
    if ((*p)->comm != MPI_COMM_NULL) MPI_Comm_free(&(*p)->comm);
    mem_free(&(*p)->requests);
    mem_free(p);
}

static int parcels_length(size_t left)
{
    return (int)(left < PIECE_BYTES ? left : PIECE_BYTES);
}

void parcels_send(struct parcels *p, int rank, const void *data, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += PIECE_BYTES) {
        assert(p->count < p->room);
        MPI_Isend((const char *)data + at, parcels_length(bytes - at), MPI_BYTE, rank, 0, p->comm,
                  &p->requests[p->count++]);
    }
}

void parcels_receive(struct parcels *p, int rank, void *data, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += PIECE_BYTES) {
        assert(p->count < p->room);
        MPI_Irecv((char *)data + at, parcels_length(bytes - at), MPI_BYTE, rank, 0, p->comm,
                  &p->requests[p->count++]);
    }
}

void parcels_wait(struct parcels *p)
{
    if (p->count > 0) MPI_Waitall(p->count, p->requests, MPI_STATUSES_IGNORE);
    p->count = 0;
}
