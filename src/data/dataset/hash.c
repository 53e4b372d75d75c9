/* hash.c - the fingerprint of a set. */
#include "io/hash.h"

#include "core/mem.h"
#include "data/dataset/private.h"

#define SPOTS       64 /* samples that stand for all of a set that stays in its file */
#define PIECE_BYTES (1 << 20)

/* All samples of the pool, in the order of the file. */
static enum status dataset_hash_all(const struct dataset *d, struct hash *h)
{
    int64_t samples = source_info(d->pool->source)->samples, bytes = dataset_feature_bytes(d);
    int64_t piece = bytes < PIECE_BYTES ? PIECE_BYTES / bytes : 1;
    char *rows = NULL;
    TRY(mem_alloc(&rows, (size_t)piece, (size_t)bytes, "samples to hash"));
    enum status status = STATUS_OK;
    for (int64_t first = 0; first < samples && status == STATUS_OK; first += piece) {
        int64_t count = samples - first < piece ? samples - first : piece;
        status = store_read(d->store, first, count, rows);
        hash_add(h, rows, (size_t)(count * bytes));
    }
    mem_free(&rows);
    return status;
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
        hash_add(h, row, (size_t)dataset_feature_bytes(d));
    }
    mem_free(&row);
    return status;
}

enum status dataset_hash(const struct dataset *d, uint64_t *hash)
{
    const struct pool *s = d->pool;
    size_t samples = (size_t)source_info(s->source)->samples;
    struct hash h;
    hash_begin(&h);
    TRY(store_stays_in_file(d->store) ? dataset_hash_spots(d, &h) : dataset_hash_all(d, &h));
    if (s->labels) hash_add(&h, s->labels, samples * (size_t)s->width * sizeof *s->labels);
    if (s->targets) hash_add(&h, s->targets, samples * (size_t)s->width * sizeof *s->targets);
    if (s->weights) hash_add(&h, s->weights, samples * (size_t)s->weight_width * sizeof *s->weights);
    if (d->numbers) hash_add(&h, d->numbers, (size_t)d->info.samples * sizeof *d->numbers);
    *hash = hash_end(&h);
    return STATUS_OK;
}
