/* private.h - what the two methods of gradient synchronisation share. */
#ifndef COMM_SYNC_PRIVATE_H
#define COMM_SYNC_PRIVATE_H

#include "comm/comm_private.h"
#include "comm/shared.h"
#include "comm/sync/sync.h"
#include "comm/tree.h"

/* A held subtree: its value is `vector`. */
struct piece {
    float *vector;
    struct tree_node node;
};

/* A cut of the vector. */
struct slice {
    int64_t first, count;
};

/* The exchange between nodes; unused on a single one. */
struct exchange {
    int peers; /* the other ranks of the column, one per node in order; 0 for a rank in no column */
    int held;  /* subtrees this node sends */
    int piece_count;
    /* [buckets][piece_count]: what is added for this rank's part, in tree order: the node's pieces, and what other
     * nodes send. */
    struct piece *pieces;
    float **outgoing;      /* [buckets][peers]: the part's sums, held after held, ready to be sent */
    float *send, *receive; /* send is NULL if the sums lie where they can be sent from */
    MPI_Request *requests; /* [buckets][EXCHANGE_KINDS][peers], and for records [2][peers] */
    int request_count;
    uint64_t records_started;        /* steps whose records are on their way */
    int started, received, finished; /* buckets of this step */
    int *part_counts, *part_offsets; /* [nodes], for gathering slots */
};

/* The vector is cut into buckets, which are numbered from its end to its start, the order in which backward passes leave
 * gradients: at most so many, of no less than so many floats. */
#define SYNC_BUCKETS      16
#define SYNC_BUCKET_FLOOR ((int64_t)65536)

struct sync {
    struct comm *comm;
    struct shared *shared; /* NULL for allreduce */
    bool tree;
    int leaves;    /* V */
    int max_group; /* leaves in a group, at most */
    int64_t count;
    int slot_count;

    float *params;
    float *slots[SYNC_SLOTS];
    char *records; /* [V][record_stride]: the requests of a virtual rank's pass, and its record */
    size_t record_bytes, record_stride;
    void (*add)(void *sum, const void *record);
    /* Where each node's (tree) or rank's (allreduce) records are, in bytes. */
    int *record_counts, *record_offsets;
    struct shared_counter
        *records_there; /* steps whose records of all nodes are in this one; between nodes only */
    float *gradients;   /* this rank's stack of vectors */
    void *memory;       /* allreduce: the private block */
    size_t bytes;

    struct tree_node range;
    uint64_t step;           /* steps taken */
    struct tree_stack stack; /* of this step */
    int64_t ready_from;      /* from here to its end the gradient of this group is there */

    int bucket_count;
    int64_t bucket_size;   /* of all but the last one */
    bool sweeping, summed; /* a sweep is under way; one has left the sums in the first pieces */
    struct shared_counter *gradients_ready; /* [local_size]: see sync_ready.c */
    struct shared_counter *steps_done;      /* [local_size] */

    struct piece *pieces; /* what the ranks of the node hold after their passes, in tree order */
    int piece_count;
    float *blocks; /* [TREE_DEPTH][SYNC_BLOCK] */
    struct exchange exchange;
    struct audit *audit; /* NULL = not wanted, or there is but one copy */
};

/* sync_ready.c: who is how far. */

void sync_plan_buckets(struct sync *s);
struct slice sync_bucket(const struct sync *s, int index);

/* Tells the node that the first `buckets` buckets of this rank's gradient are there; with the last one, the records too. */
void sync_tell_ready(struct sync *s, int buckets);

/* Whether all ranks of the node have told that, and waits until they have. */
bool sync_is_ready(const struct sync *s, int buckets);
void sync_wait_ready(const struct sync *s, int buckets);

/* Whether a rank of the node has told of all of them. */
bool sync_has_told(const struct sync *s, int local_rank);

/* This rank has updated all it has to. */
void sync_tell_done(struct sync *s);

/* Waits until all ranks of the node are done with the last step. */
void sync_wait_done(const struct sync *s);

/* sync_block.c */

/* Floats summed at a time: a few such blocks stay in the L1 cache. */
#define SYNC_BLOCK ((int64_t)1024)

/* Part `index` of `parts` nearly equal parts of whole cells. */
struct slice sync_cut(struct slice whole, int parts, int index);

/* Adds the pieces at [first, first + count), count <= SYNC_BLOCK, in tree order; leaves the values of the
 * nodes that remain in `values` and returns their number. */
int sync_sum_block(struct sync *s, const struct piece *pieces, int piece_count, int64_t first, int64_t count,
                   const float *values[TREE_DEPTH]);

/* Adds up the pieces of a part of the vector, which begins at `offset` in each of them, and hands the sums out block by
 * block. In a sweep they are kept for the next one. */
void sync_visit_part(struct sync *s, struct slice part, const struct piece *pieces, int piece_count,
                     int64_t offset, sync_visit *visit, void *self);

/* sync_exchange.c and sync_messages.c: the path between nodes. */

enum exchange_kind { GRADS_IN, PARAMS_IN, GRADS_OUT, PARAMS_OUT, EXCHANGE_KINDS };

enum status exchange_create(struct sync *s);
void exchange_destroy(struct exchange *e);

/* The node of a peer, and the part of a bucket that this column's rank of a node updates. */
int exchange_node(const struct sync *s, int peer);
struct slice exchange_part(const struct sync *s, int bucket, int node);

/* The messages of a bucket, [EXCHANGE_KINDS][peers], and of the records, [2][peers]. */
MPI_Request *exchange_requests(const struct exchange *e, int bucket);
MPI_Request *exchange_record_requests(const struct sync *s);

/* Sends and receives what can be without waiting. */
void exchange_progress(struct sync *s);

/* Each waits for what it needs: the records of all nodes; this rank's part of the gradient, handed out; and also the
 * new parameters of all parts, or just the end of all messages. */
void exchange_records(struct sync *s);
void exchange_sweep(struct sync *s, sync_visit *visit, void *self);
void exchange_apply(struct sync *s, sync_visit *visit, void *self);
void exchange_skip(struct sync *s);

void exchange_gather_slot(struct sync *s, float *slot);

/* sync_audit.c: takes what this rank compares of the parameters into account, before the update. */
void audit_note(struct sync *s);
void audit_destroy(struct audit **a);

#endif
