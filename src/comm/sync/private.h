/* private.h - what the files of sync share. */
#ifndef COMM_SYNC_PRIVATE_H
#define COMM_SYNC_PRIVATE_H

#include "comm/comm_private.h"
#include "comm/shared.h"
#include "comm/sync/sync.h"
#include "comm/tree.h"

/* A node of the summation tree and its value. */
struct subtree {
    float *vector;
    struct tree_node node;
};

/* A part of the flat vector: [first, first + count). */
struct sync_part {
    int64_t first, count;
};

/* The exchange between nodes; unused on a single one. */
struct exchange {
    int peers; /* the other ranks of the column, one per node in order; 0 for a rank in no column */
    int held;  /* subtrees that this node sends */
    int subtree_count;
    /* [buckets][subtree_count]: what is added for the part that this rank owns, in tree order: the node's
     * subtrees, and those that other nodes send. */
    struct subtree *subtrees;
    float **outgoing;      /* [buckets][peers]: the part's sums, one subtree after the other */
    float *send, *receive; /* send is NULL if the sums can be sent from where they are */
    MPI_Request *requests; /* [buckets][EXCHANGE_KINDS][peers], and for records [2][peers] */
    int request_count;
    uint64_t records_started;        /* steps whose records are on their way */
    int started, received, finished; /* buckets of this step */
    int *part_counts, *part_offsets; /* [nodes], for gathering slots */
};

/* The vector is cut into buckets, which are numbered from its end to its start, the order in which backward
 * passes complete gradients: at most SYNC_BUCKETS, of at least SYNC_BUCKET_FLOOR floats. */
#define SYNC_BUCKETS      16
#define SYNC_BUCKET_FLOOR ((int64_t)65536)

struct sync {
    struct comm *comm;
    const struct kernels *kernels;
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
    struct shared_counter *records_there; /* steps of which all nodes' records have arrived; between nodes */
    float *gradients;                     /* this rank's stack of vectors */
    void *memory;                         /* allreduce: the private block */
    size_t bytes;

    struct tree_node range;
    uint64_t step;           /* steps taken */
    struct tree_stack stack; /* of this step */
    int64_t ready_from;      /* from here to the end the gradient of this group is complete */

    int bucket_count;
    int64_t bucket_size;   /* of all but the last one */
    bool sweeping, summed; /* during a sweep; after one, which has left the sums in the first subtrees */
    struct shared_counter *gradients_ready; /* [local_size]: see ready.c */
    struct shared_counter *steps_done;      /* [local_size] */

    struct subtree *subtrees; /* what the ranks of the node hold after their passes, in tree order */
    int subtree_count;
    float *blocks; /* [TREE_DEPTH][SYNC_BLOCK] */
    struct exchange exchange;
    struct audit *audit; /* NULL = not wanted, or there is only one copy */
};

/* ready.c: how far the ranks of the node are. */

void sync_plan_buckets(struct sync *s);
struct sync_part sync_bucket(const struct sync *s, int index);

/* Marks this rank's first `buckets` buckets as complete; with the last one, also its records. */
void sync_mark_ready(struct sync *s, int buckets);

/* Whether all ranks of the node have marked them; and a wait until they have. */
bool sync_is_ready(const struct sync *s, int buckets);
void sync_wait_ready(const struct sync *s, int buckets);

/* Whether a rank of the node has marked all of them. */
bool sync_has_finished(const struct sync *s, int local_rank);

/* Marks the step as done: this rank has updated the parts that it owns. */
void sync_mark_done(struct sync *s);

/* Waits until all ranks of the node have done the last step. */
void sync_wait_done(const struct sync *s);

/* block.c: sums and updates, block by block. */

/* Floats summed at a time: a few such blocks stay in the L1 cache. */
#define SYNC_BLOCK ((int64_t)1024)

/* Returns part `index` of `parts` nearly equal parts of whole cells. */
struct sync_part sync_cut(struct sync_part whole, int parts, int index);

/* Adds the subtrees at [first, first + count), count <= SYNC_BLOCK, in tree order. Returns the number of
 * subtrees that remain and stores where their sums are in `values`. */
int sync_sum_block(struct sync *s, const struct subtree *subtrees, int subtree_count, int64_t first,
                   int64_t count, const float *values[TREE_DEPTH]);

/* Adds the subtrees of a part, which begins at `offset` in each of them, and visits the sums block by block.
 * A sweep keeps the sums for the next visits. */
void sync_visit_part(struct sync *s, struct sync_part part, const struct subtree *subtrees, int subtree_count,
                     int64_t offset, sync_visit *visit, void *self);

/* exchange.c and messages.c: the path between nodes. */

enum exchange_kind { GRADS_IN, PARAMS_IN, GRADS_OUT, PARAMS_OUT, EXCHANGE_KINDS };

enum status exchange_create(struct sync *s);
void exchange_destroy(struct exchange *e);

/* Return the node of a peer, and the part of a bucket that the rank of this column on that node owns. */
int exchange_node(const struct sync *s, int peer);
struct sync_part exchange_part(const struct sync *s, int bucket, int node);

/* Return the messages of a bucket, [EXCHANGE_KINDS][peers], and of the records, [2][peers]. */
MPI_Request *exchange_requests(const struct exchange *e, int bucket);
MPI_Request *exchange_record_requests(const struct sync *s);

/* Starts and completes messages as far as possible without waiting. */
void exchange_advance(struct sync *s);

/* Steps of the exchange, each of which waits for what it needs: the records of all nodes; this rank's part of
 * the gradient, which is visited; also the new parameters of all parts; or only the end of all messages. */
void exchange_records(struct sync *s);
void exchange_sweep(struct sync *s, sync_visit *visit, void *self);
void exchange_apply(struct sync *s, sync_visit *visit, void *self);
void exchange_skip(struct sync *s);

void exchange_gather_slot(struct sync *s, float *slot);

/* audit.c: adds the parameters that this rank compares to its hashes, before the update. */
void audit_record_step(struct sync *s);
void audit_destroy(struct audit **a);

#endif
