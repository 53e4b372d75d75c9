/* hash.c - the fingerprint of a set. */
#include <string.h>

#include "core/mem.h"
#include "data/dataset/private.h"

#define SPOTS       64 /* samples that stand for all of a set that stays in its file */
#define PIECE_BYTES (1 << 20)

/* Samples first .. end-1 of the pool, in the order of the file. */
static enum status dataset_hash_range(const struct dataset *d, int64_t first, int64_t end, struct hash *h)
{
    int64_t bytes = dataset_feature_bytes(d), piece = bytes < PIECE_BYTES ? PIECE_BYTES / bytes : 1;
    char *rows = NULL;
    TRY(mem_alloc(&rows, (size_t)piece, (size_t)bytes, "samples to hash"));
    enum status status = STATUS_OK;
    for (; first < end && status == STATUS_OK; first += piece) {
        int64_t count = end - first < piece ? end - first : piece;
        status = store_read(d->store, first, count, rows);
        hash_add(h, rows, (size_t)(count * bytes));
    }
    mem_free(&rows);
    return status;
}

/* Samples that are spread over the ranks: each adds its own. The state travels as the bits of doubles. */
struct spread_hash {
    const struct dataset *data;
    const struct comm *comm;
    enum status status;
};

static void dataset_hash_part(void *self, double *state)
{
    struct spread_hash *s = self;
    struct hash h;
    int64_t first, end;
    const struct dataset all = {.info = *source_info(s->data->pool->source)};
    dataset_part(&all, comm_size(s->comm), comm_rank(s->comm), &first, &end);
    memcpy(&h, state, sizeof h);
    s->status = dataset_hash_range(s->data, first, end, &h);
    memcpy(state, &h, sizeof h);
}

static enum status dataset_hash_spread(const struct dataset *d, struct comm *comm, struct hash *h)
{
    struct spread_hash s = {.data = d, .comm = comm};
    double state[sizeof *h / sizeof(double)];
    memcpy(state, h, sizeof *h);
    comm_fold_doubles(comm, state, sizeof state / sizeof *state, dataset_hash_part, &s);
    memcpy(h, state, sizeof *h);
    return comm_agree(comm, s.status);
}

/* The settings of the order, and samples spread over the file. */
static enum status dataset_hash_spots(const struct dataset *d, struct hash *h)
{
    int64_t samples = source_info(d->pool->source)->samples, spots = samples < SPOTS ? samples : SPOTS;
    int64_t windows[2];
    char *row = NULL;
    store_windows(d->store, &windows[0], &windows[1]);
    hash_add(h, windows, sizeof windows);
    TRY(mem_alloc(&row, (size_t)dataset_feature_bytes(d), 1, "sample to hash"));
    enum status status = STATUS_OK;
    for (int64_t i = 0; i < spots && status == STATUS_OK; i++) {
        struct source_rows rows = {.features = row};
        status = source_read(d->pool->source, samples / spots * i, 1, &rows);
        if (status == STATUS_DATA && d->pool->left_out > 0) {
            memset(row, 0, (size_t)dataset_feature_bytes(d));
            status = STATUS_OK;
        }
        hash_add(h, row, (size_t)dataset_feature_bytes(d));
    }
    mem_free(&row);
    return status;
}

/* Of all views of the pool, once. Of the ranks, only the first needs it. */
static enum status dataset_hash_features(struct dataset *d, struct comm *comm)
{
    struct pool *s = d->pool;
    if (s->hashed) return STATUS_OK;
    s->hashed = true;
    hash_begin(&s->hash);
    if (store_is_spread(d->store)) return dataset_hash_spread(d, comm, &s->hash);
    enum status status = STATUS_OK;
    if (comm_rank(comm) == 0)
        status = store_stays_in_file(d->store)
                     ? dataset_hash_spots(d, &s->hash)
                     : dataset_hash_range(d, 0, source_info(s->source)->samples, &s->hash);
    return comm_agree(comm, status);
}

enum status dataset_hash(struct dataset *d, struct comm *comm, uint64_t *hash)
{
    TRY(dataset_hash_features(d, comm));
    const struct pool *s = d->pool;
    size_t samples = (size_t)source_info(s->source)->samples;
    struct hash h = s->hash;
    if (comm_rank(comm) != 0) return STATUS_OK;
    if (s->labels) hash_add(&h, s->labels, samples * (size_t)s->width * sizeof *s->labels);
    if (s->targets) hash_add(&h, s->targets, samples * (size_t)s->width * sizeof *s->targets);
    if (s->weights) hash_add(&h, s->weights, samples * (size_t)s->weight_width * sizeof *s->weights);
    if (d->numbers) hash_add(&h, d->numbers, (size_t)d->info.samples * sizeof *d->numbers);
    *hash = hash_end(&h);
    return STATUS_OK;
}
