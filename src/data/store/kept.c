/* kept.c - features stay in the source, and each rank keeps in memory those that it takes in order.
 *
 * For samples that are taken in their order again and again, such as a validation set, each time the same share of them
 * by the same rank. A share for which there is too little memory is read from the source each time (window.c). */
#include "comm/activity.h"
#include "core/mem.h"
#include "core/system/room.h"
#include "data/store/ops.h"
#include "data/store/reader.h"

#define USABLE      0.25       /* of the memory that is free */
#define PIECE_BYTES (16 << 20) /* of a read */

struct kept {
    struct store *file; /* of the same view */
    struct reader reader;
    double room; /* bytes that this rank may keep */
    char *rows;  /* of samples first .. end-1 */
    int64_t first, end;
};

static enum status kept_create(struct store *s, const struct store_spec *spec)
{
    struct kept *k = NULL;
    const char *limit;
    TRY(comm_agree(spec->comm, mem_alloc(&s->self, 1, sizeof *k, "data set")));
    k = s->self;
    k->room = USABLE * room_of_memory(&limit) / comm_nodes_here(spec->comm) / comm_local_size(spec->comm);
    reader_init(&k->reader, spec, s->view, s->sample_bytes);
    TRY(store_create_view(&k->file, spec, s->view));
    store_windows(k->file, &s->block, &s->window);
    return STATUS_OK;
}

static void kept_destroy(struct store *s)
{
    struct kept *k = s->self;
    if (!k) return;
    store_destroy(&k->file);
    reader_close(&k->reader);
    mem_free(&k->rows);
    mem_free(&s->self);
}

static enum status kept_read(struct kept *k, int64_t first, int64_t end)
{
    TRY(reader_open(&k->reader));
    int64_t bytes = k->reader.sample_bytes, piece = bytes < PIECE_BYTES ? PIECE_BYTES / bytes : 1;
    for (int64_t at = first, n; at < end; at += n) {
        n = end - at < piece ? end - at : piece;
        activity_set_phase(ACTIVITY_LOADING);
        TRY(reader_read(&k->reader, at, n, k->rows + (at - first) * bytes));
    }
    return STATUS_OK;
}

/* Reads the share if it is another one than before. */
static enum status kept_stream(struct store *s, int64_t first, int64_t end, int64_t at_once)
{
    struct kept *k = s->self;
    if (k->rows && first == k->first && end == k->end) return STATUS_OK;
    mem_free(&k->rows);
    if (first >= end || (double)((end - first) * s->sample_bytes) > k->room ||
        mem_alloc(&k->rows, (size_t)(end - first), (size_t)s->sample_bytes, "validation set") != STATUS_OK)
        return store_stream(k->file, first, end, at_once);
    enum status status = kept_read(k, first, end);
    reader_close(&k->reader);
    if (status != STATUS_OK) mem_free(&k->rows);
    k->first = first;
    k->end = end;
    return status;
}

static void kept_take(struct store *s, const int64_t *samples, int64_t count, const void **features)
{
    const struct kept *k = s->self;
    int64_t found = 0;
    while (k->rows && found < count && samples[found] >= k->first && samples[found] < k->end) found++;
    if (found < count) {
        store_take(k->file, samples, count, features);
        return;
    }
    for (int64_t i = 0; i < count; i++) features[i] = k->rows + (samples[i] - k->first) * s->sample_bytes;
}

static enum status kept_status(const struct store *s)
{
    const struct kept *k = s->self;
    return store_status(k->file);
}

static enum status kept_prepare(struct store *s, struct comm *comm, const struct store_plan *plan)
{
    const struct kept *k = s->self;
    return store_prepare(k->file, comm, plan);
}

static void kept_expect(struct store *s, const struct order *order, int64_t position)
{
    const struct kept *k = s->self;
    store_expect(k->file, order, position);
}

static const struct store_ops store_kept = {
    .name = "cluster",
    .create = kept_create,
    .destroy = kept_destroy,
    .prepare = kept_prepare,
    .expect = kept_expect,
    .stream = kept_stream,
    .take = kept_take,
    .status = kept_status,
};

enum status store_keep(struct store *s, const struct store_spec *spec)
{
    s->ops = &store_kept;
    return s->ops->create(s, spec);
}
