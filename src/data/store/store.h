/* store.h - where the features of a data set live (data.store), and how they reach a batch.
 *
 * A store gives the features of the samples of one view: all samples of a locator, or some of them. Labels and
 * weights are not its business. Kinds, each a file with a constant table (ops.h):
 *   node     in the shared memory of every node
 *   cluster  spread over the memory of all nodes, which send each other what the next step takes
 *   scratch  in a file on a disk of every node, read ahead of the steps
 *   window   in the source itself: blocks are read ahead into windows, in an order of their own (order.h)
 * What a rank needs next is known beforehand, because the order is a pure function of seed and epoch:
 * store_expect and store_stream say it, a thread beside each rank fetches it meanwhile, and store_take only
 * waits for what is not there yet. A read that fails shows in store_status; samples are arbitrary then, and
 * the caller drops what it made of them. Functions are local unless they say otherwise. */
#ifndef DATA_STORE_STORE_H
#define DATA_STORE_STORE_H

#include "comm/comm.h"
#include "data/config.h"
#include "data/order.h"
#include "data/source/source.h"

struct store;

struct store_options {
    enum data_store kind;
    const char *scratch_dir; /* NULL or "" = find one */
    bool in_order;           /* samples are only taken in the order of the file */
    int64_t block, window;   /* samples; 0 = choose by the bytes of a sample and the chunks of the file */
};

/* The samples of a view: numbers[samples] in the source, ascending; NULL = all. */
struct store_view {
    const int64_t *numbers;
    int64_t samples;
};

struct store_spec {
    struct comm *comm;
    const char *locator;                /* outlives the store, and so do the texts of `names` */
    const struct source_options *names; /* to open the source again */
    const struct source_info *info;
    const struct store_options *options;
    size_t other_bytes; /* memory of a node that labels and weights need */
};

/* Collective; all ranks return the same status. Errors: STATUS_OTHER, memory or disk. */
enum status store_create(struct store **out, const struct store_spec *spec);
void store_destroy(struct store **s); /* collective */

/* Restricts the store to some of its samples, whose numbers outlive it; those of before are not read any more, whatever
 * comes back. Collective. */
enum status store_restrict(struct store *s, struct comm *comm, struct store_view view);

/* Does so with `kept`, and makes a second one for `rest`. Collective. */
enum status store_split(struct store *s, struct comm *comm, struct store_view kept, struct store_view rest,
                        struct store **out);

/* Whether the ranks of all nodes, not those of each node, hold and fill a part each (dataset_part). */
bool store_is_spread(const struct store *s);

/* Reads samples first .. first+count-1 of the locator into the store: every rank of a node its part, before all
 * else. A barrier of the node must follow. Errors: those of source_read; STATUS_OTHER, disk. */
enum status store_fill(struct store *s, struct source *source, int64_t first, int64_t count);

/* Returns where the features of samples from `first` on are read to, together with labels, in place of store_fill; NULL
 * where they are not. */
void *store_room(struct store *s, int64_t first);

/* Copies samples first .. first+count-1 of the locator, of a store that holds them; of one that is spread, samples of
 * this node. Errors: STATUS_OTHER, disk. */
enum status store_read(const struct store *s, int64_t first, int64_t count, void *out);

/* How a step takes samples. */
struct store_plan {
    int64_t batch;      /* global */
    int64_t begin, end; /* the positions of a batch that this rank takes */
};

/* Prepares for store_expect. Collective. Errors: STATUS_OTHER, memory. */
enum status store_prepare(struct store *s, struct comm *comm, const struct store_plan *plan);

/* The order of an epoch for this store. */
struct order store_order(const struct store *s, uint64_t seed, uint64_t epoch, bool shuffle);

/* The step at `position` of the order comes now, then the steps that follow; no earlier sample is taken again.
 * All ranks call it for the same steps, and begin another order, or store_stream, only when all have taken the samples
 * of the last step: until then a rank reads what others wait for. Allocates nothing. */
void store_expect(struct store *s, const struct order *order, int64_t position);

/* Samples first .. end-1 of the view come now, in their order, up to `at_once` in one call of store_take.
 * Allocates at the first call. Errors: STATUS_OTHER, memory. */
enum status store_stream(struct store *s, int64_t first, int64_t end, int64_t at_once);

/* Points at the features of samples of the view, valid until the next call. */
void store_take(struct store *s, const int64_t *samples, int64_t count, const void **features);

/* Why a sample could not be read: STATUS_OK, or STATUS_DATA with file, data set and samples. Some rank of the
 * node at least knows it before any rank ends the step. */
enum status store_status(const struct store *s);

const char *store_name(const struct store *s);
bool store_stays_in_file(const struct store *s); /* store_read is not possible */
size_t store_bytes(const struct store *s);       /* of memory of a node */

/* The settings of the order: samples of a block, blocks of a window; 0 = the order has none. */
void store_windows(const struct store *s, int64_t *block, int64_t *window);

#endif
