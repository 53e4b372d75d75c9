/* cluster.c - every node holds a range of the samples in memory; those of the next step travel while this
 * step computes.
 *
 * Every rank owns some of the blocks of samples (dataset_part) and reads them; it sends each rank of
 * another node the samples that the order says this rank takes next. Both sides find the same list, so no
 * rank asks for anything. Where samples are taken in their order and some are on other nodes, as in the
 * validation part of a split, they are read from the file (window.c). */
#include <string.h>

#include "comm/parcels.h"
#include "comm/shared.h"
#include "core/mem.h"
#include "data/measure/moments.h"
#include "data/store/loose.h"
#include "data/store/ops.h"

#define PACKED_BYTES 4096 /* samples up to this size travel together, others each on its own */

/* The samples of one step on their way. */
struct cluster_turn {
    struct parcels *parcels; /* NULL on a single node */
    bool begun;
    int64_t position;
    int64_t count;           /* that this rank takes */
    int64_t *samples;        /* [room] */
    const char **features;   /* [room]: in the memory of the node, or in `received` */
    char *received, *packed; /* [room], [batch]: packed only of small samples */
};

struct cluster_store {
    struct store_spec spec;
    struct store_options file_options;
    struct source_options names;
    struct source_info info;   /* of all samples: that of a set changes when it is split */
    int rank, ranks, *node_of; /* [ranks] */
    int64_t first, end;        /* samples of this node */
    struct shared *window;
    const char *features; /* of samples first .. end-1 */
    int64_t batch, room;
    int64_t *begins; /* [ranks + 1]: positions of a batch that each rank takes */
    int64_t *counts; /* [ranks]: samples that come from each, then where the next of them goes */
    struct cluster_turn turns[2];
    int now;                       /* the one of them that is taken */
    struct order order;            /* of both; samples 0 = none */
    int64_t at;                    /* of the sample that is taken next */
    struct shared *walk;           /* memory of the next two; NULL on a single node */
    struct shared_counter *walked; /* [local ranks]: turns that each has written its share of */
    int64_t *positions; /* [2][batch]: samples of the last two turns, found by all ranks of a node */
    uint64_t walks;
    struct store *file; /* of the same view; NULL unless it is a part of a split */
    struct loose loose; /* samples of other nodes that no call announced */
};

/* ---- who has what ---- */

/* The rank whose part of the set a sample is in. */
static int cluster_owner(const struct cluster_store *c, int64_t number)
{
    int64_t blocks = moments_blocks(c->spec.info->samples), block = number / MOMENTS_BLOCK;
    return (int)(((block + 1) * c->ranks + blocks - 1) / blocks - 1);
}

static bool cluster_has(const struct cluster_store *c, int64_t number)
{
    return number >= c->first && number < c->end;
}

static const char *cluster_row(const struct store *s, int64_t number)
{
    const struct cluster_store *c = s->self;
    return c->features + (number - c->first) * s->sample_bytes;
}

/* ---- the samples of a step ---- */

/* Finds the samples that this rank takes: where they are, or where they will be received. */
static void cluster_receive(const struct store *s, struct cluster_turn *t)
{
    struct cluster_store *c = s->self;
    bool packed = s->sample_bytes <= PACKED_BYTES;
    for (int r = 0; r < c->ranks; r++) c->counts[r] = 0;
    for (int64_t i = 0; i < t->count; i++) {
        int64_t number = store_number(s, t->samples[i]);
        if (!cluster_has(c, number)) c->counts[cluster_owner(c, number)]++;
    }
    for (int64_t r = 0, begin = 0, count; r < c->ranks; r++, begin += count) {
        count = c->counts[r];
        c->counts[r] = begin;
        if (packed && count > 0)
            parcels_receive(t->parcels, (int)r, t->received + begin * s->sample_bytes,
                            (size_t)(count * s->sample_bytes));
    }
    for (int64_t i = 0; i < t->count; i++) {
        int64_t number = store_number(s, t->samples[i]);
        if (cluster_has(c, number)) {
            t->features[i] = cluster_row(s, number);
            continue;
        }
        int owner = cluster_owner(c, number);
        char *row = t->received + c->counts[owner]++ * s->sample_bytes;
        t->features[i] = row;
        if (!packed) parcels_receive(t->parcels, owner, row, (size_t)s->sample_bytes);
    }
}

/* Sends what the rank takes that this one owns, of samples [count]. */
static char *cluster_send(const struct store *s, struct cluster_turn *t, int rank, const int64_t *samples,
                          int64_t count, char *room)
{
    const struct cluster_store *c = s->self;
    size_t bytes = (size_t)s->sample_bytes;
    bool packed = s->sample_bytes <= PACKED_BYTES;
    char *begin = room;
    for (int64_t i = 0; i < count; i++) {
        int64_t number = store_number(s, samples[i]);
        if (cluster_owner(c, number) != c->rank) continue;
        if (packed)
            memcpy(room, cluster_row(s, number), bytes), room += bytes;
        else
            parcels_send(t->parcels, rank, cluster_row(s, number), bytes);
    }
    if (room > begin) parcels_send(t->parcels, rank, begin, (size_t)(room - begin));
    return room;
}

/* Returns the samples of the batch at a position, of which each rank of the node has found its share. What is written
 * over is that of the turn before the last: a rank that has begun the last one does not read it any more. */
static const int64_t *cluster_walk(struct cluster_store *c, int64_t position)
{
    int64_t *samples = c->positions + (int64_t)(c->walks++ % 2) * c->batch,
            left = c->order.samples - position;
    int64_t ranks = comm_local_size(c->spec.comm), rank = comm_local_rank(c->spec.comm);
    int64_t count = left < c->batch ? left : c->batch, end = count * (rank + 1) / ranks;
    for (int64_t i = count * rank / ranks; i < end; i++) samples[i] = order_at(&c->order, position + i);
    shared_raise(&c->walked[rank], c->walks);
    shared_wait(c->walk, c->walked, c->walks);
    return samples;
}

/* Positions of a batch that a rank takes, cut at the end of the order. */
static int64_t cluster_begin_of(const struct cluster_store *c, int64_t position, int rank)
{
    int64_t left = c->order.samples - position;
    return c->begins[rank] < left ? c->begins[rank] : left;
}

static void cluster_begin(const struct store *s, struct cluster_turn *t, int64_t position)
{
    struct cluster_store *c = s->self;
    int64_t first = cluster_begin_of(c, position, c->rank), end = cluster_begin_of(c, position, c->rank + 1);
    const int64_t *batch = c->walk ? cluster_walk(c, position) : NULL;
    char *room = t->packed;
    t->begun = true;
    t->position = position;
    t->count = end - first;
    for (int64_t i = 0; i < t->count; i++)
        t->samples[i] = batch ? batch[first + i] : order_at(&c->order, position + first + i);
    cluster_receive(s, t);
    for (int rank = 0; batch && rank < c->ranks; rank++) {
        first = cluster_begin_of(c, position, rank);
        end = cluster_begin_of(c, position, rank + 1);
        if (c->node_of[rank] != c->node_of[c->rank])
            room = cluster_send(s, t, rank, batch + first, end - first, room);
    }
}

static void cluster_finish(struct cluster_turn *t)
{
    if (t->begun && t->parcels) parcels_wait(t->parcels);
}

static void cluster_expect(struct store *s, const struct order *order, int64_t position)
{
    struct cluster_store *c = s->self;
    struct cluster_turn *next = &c->turns[1 - c->now];
    bool same = order_equal(order, &c->order),
         is_now = same && c->turns[c->now].begun && c->turns[c->now].position == position;
    c->at = 0;
    if (is_now) return;
    cluster_finish(next);
    if (!same || !next->begun || next->position != position) {
        c->order = *order;
        cluster_begin(s, next, position);
        cluster_finish(next);
    }
    c->now = 1 - c->now;
    struct cluster_turn *after = &c->turns[1 - c->now];
    after->begun = false;
    if (position + c->batch < order->samples) cluster_begin(s, after, position + c->batch);
}

/* ---- set-up ---- */

static enum status cluster_make(struct store *s, const struct store_spec *spec)
{
    struct cluster_store *c = NULL;
    struct reader reader;
    TRY(mem_alloc(&s->self, 1, sizeof *c, "data set"));
    c = s->self;
    c->spec = *spec;
    c->names = *spec->names;
    c->info = *spec->info;
    c->spec.info = &c->info;
    c->spec.names = &c->names;
    c->spec.options = &c->file_options;
    c->file_options = *spec->options;
    reader_init(&reader, &c->spec, s->view, s->sample_bytes);
    TRY(loose_init_reader(&c->loose, &reader));
    c->rank = comm_rank(spec->comm);
    c->ranks = comm_size(spec->comm);
    TRY(mem_alloc(&c->node_of, (size_t)c->ranks, sizeof *c->node_of, "data set"));
    TRY(mem_alloc(&c->begins, (size_t)c->ranks + 1, sizeof *c->begins, "data set"));
    TRY(mem_alloc(&c->counts, (size_t)c->ranks, sizeof *c->counts, "data set"));
    int first = c->rank - comm_local_rank(spec->comm);
    for (int r = 0; r < c->ranks; r++) c->node_of[r] = comm_node_of(spec->comm, r);
    c->first = moments_part_begin(c->info.samples, c->ranks, first);
    c->end = moments_part_begin(c->info.samples, c->ranks, first + comm_local_size(spec->comm));
    return STATUS_OK;
}

static enum status cluster_create(struct store *s, const struct store_spec *spec)
{
    TRY(comm_agree(spec->comm, cluster_make(s, spec)));
    struct cluster_store *c = s->self;
    s->bytes = (size_t)((c->end - c->first) * s->sample_bytes);
    TRY(shared_create(&c->window, spec->comm, s->bytes, spec->locator));
    c->features = shared_base(c->window);
    return STATUS_OK;
}

static void cluster_destroy(struct store *s)
{
    struct cluster_store *c = s->self;
    if (!c) return;
    for (int i = 0; i < 2; i++) {
        struct cluster_turn *t = &c->turns[i];
        cluster_finish(t);
        parcels_destroy(&t->parcels);
        mem_free(&t->samples);
        mem_free(&t->features);
        mem_free(&t->received);
        mem_free(&t->packed);
    }
    store_destroy(&c->file);
    loose_free(&c->loose);
    shared_destroy(&c->walk);
    shared_destroy(&c->window);
    mem_free(&c->node_of);
    mem_free(&c->begins);
    mem_free(&c->counts);
    mem_free(&s->self);
}

/* What is taken in order of some of the samples stays in the file; the rest of a split is read from there once. */
static enum status cluster_narrow(struct store *s, struct comm *comm, struct store_view view)
{
    struct cluster_store *c = s->self;
    (void)comm;
    s->view = view;
    store_destroy(&c->file);
    return store_create_view(&c->file, &c->spec, s->view);
}

static enum status cluster_split(struct store *s, struct comm *comm, struct store *rest)
{
    const struct cluster_store *c = s->self;
    (void)comm;
    return store_keep(rest, &c->spec);
}

static enum status cluster_fill(struct store *s, struct source *source, int64_t first, int64_t count)
{
    struct source_rows rows = {.features = (char *)cluster_row(s, first)};
    enum status status = source_read(source, first, count, &rows);
    if (status != STATUS_OK) memset(rows.features, 0, (size_t)(count * s->sample_bytes));
    return status;
}

static enum status cluster_read(const struct store *s, int64_t first, int64_t count, void *out)
{
    memcpy(out, cluster_row(s, first), (size_t)(count * s->sample_bytes));
    return STATUS_OK;
}

static enum status cluster_make_turn(struct store *s, struct cluster_turn *t)
{
    const struct cluster_store *c = s->self;
    size_t bytes = (size_t)s->sample_bytes, room = (size_t)c->room;
    TRY(mem_alloc(&t->samples, room, sizeof *t->samples, "samples of a step"));
    TRY(mem_alloc(&t->features, room, sizeof *t->features, "samples of a step"));
    TRY(mem_alloc(&t->received, room, bytes, "samples of a step"));
    if (bytes > PACKED_BYTES) return STATUS_OK;
    return mem_alloc(&t->packed, (size_t)c->batch, bytes, "samples of a step");
}

static enum status cluster_make_walk(struct cluster_store *c, struct comm *comm)
{
    size_t counters = (size_t)comm_local_size(comm) * sizeof *c->walked;
    if (comm_nodes(comm) == 1) return STATUS_OK;
    TRY(shared_create(&c->walk, comm, counters + 2 * (size_t)c->batch * sizeof *c->positions,
                      "samples of a step"));
    c->walked = shared_base(c->walk);
    c->positions = (int64_t *)(void *)((char *)shared_base(c->walk) + counters);
    return STATUS_OK;
}

static enum status cluster_prepare(struct store *s, struct comm *comm, const struct store_plan *plan)
{
    struct cluster_store *c = s->self;
    double *begins = NULL;
    enum status status = comm_agree(comm, mem_alloc(&begins, (size_t)c->ranks, sizeof *begins, "data set"));
    if (status != STATUS_OK) {
        mem_free(&begins);
        return status;
    }
    begins[c->rank] = (double)plan->begin;
    comm_merge_doubles(comm, begins, c->ranks);
    for (int r = 0; r < c->ranks; r++) c->begins[r] = (int64_t)begins[r];
    mem_free(&begins);
    c->begins[c->ranks] = plan->batch;
    c->batch = plan->batch;
    c->room = plan->end - plan->begin;
    TRY(cluster_make_walk(c, comm));
    size_t longest = (size_t)s->sample_bytes;
    if (longest <= PACKED_BYTES) longest *= (size_t)plan->batch;
    for (int i = 0; i < 2; i++) {
        TRY(comm_agree(comm, cluster_make_turn(s, &c->turns[i])));
        if (comm_nodes(comm) > 1)
            TRY(parcels_create(&c->turns[i].parcels, comm, 2 * plan->batch + c->ranks, longest));
    }
    return STATUS_OK;
}

/* ---- taking ---- */

static enum status cluster_stream(struct store *s, int64_t first, int64_t end, int64_t at_once)
{
    const struct cluster_store *c = s->self;
    return c->file ? store_stream(c->file, first, end, at_once) : STATUS_OK;
}

/* The next sample of the step, or one that is on this node; NULL = neither. */
static const char *cluster_find(const struct store *s, int64_t sample)
{
    struct cluster_store *c = s->self;
    const struct cluster_turn *t = &c->turns[c->now];
    if (t->begun && c->at < t->count && t->samples[c->at] == sample) return t->features[c->at++];
    int64_t number = store_number(s, sample);
    return cluster_has(c, number) ? cluster_row(s, number) : NULL;
}

static void cluster_take(struct store *s, const int64_t *samples, int64_t count, const void **features)
{
    struct cluster_store *c = s->self;
    bool found = true;
    for (int64_t i = 0; i < count && found; i++) {
        features[i] = cluster_find(s, samples[i]);
        found = features[i] != NULL;
    }
    if (found) return;
    if (c->file) store_take(c->file, samples, count, features);
    for (int64_t i = 0; i < count && !c->file; i++) features[i] = loose_take(&c->loose, samples[i], i, count);
}

static enum status cluster_status(const struct store *s)
{
    const struct cluster_store *c = s->self;
    TRY(loose_status(&c->loose));
    return c->file ? store_status(c->file) : STATUS_OK;
}

const struct store_ops store_cluster = {
    .name = "cluster",
    .spread = true,
    .create = cluster_create,
    .destroy = cluster_destroy,
    .narrow = cluster_narrow,
    .split = cluster_split,
    .fill = cluster_fill,
    .read = cluster_read,
    .prepare = cluster_prepare,
    .expect = cluster_expect,
    .stream = cluster_stream,
    .take = cluster_take,
    .status = cluster_status,
};
