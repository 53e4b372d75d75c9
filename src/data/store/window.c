/* window.c - features stay in the source; blocks of samples are read ahead into windows.
 *
 * In training the ranks of a node share a ring of windows, and each reads its share of the blocks of every window.
 * Where samples are taken in their order, each rank reads those of its own. Both are one order of blocks: without
 * shuffling, a block is a window. */
#include "comm/shared.h"
#include "core/mem.h"
#include "data/store/ahead.h"
#include "data/store/loose.h"
#include "data/store/ops.h"
#include "data/store/reader.h"

#define BLOCK_BYTES  (256 << 10) /* of a block, at least */
#define WINDOW_BYTES (256 << 20) /* of a window, at most; with */
#define WINDOW_MIN   16          /* blocks at least */
#define WINDOW_PARTS 16          /* windows of an epoch, at least: the first is waited for */
#define STREAM_BYTES (1 << 20)   /* of a slot, at least, in the order of the file */
#define STREAM_SLOTS 3
#define WINDOW_SLOTS 2

struct window_store {
    struct reader reader; /* ahead */
    struct loose loose;
    struct ahead *ahead;
    struct ahead_ring stream, windows;
    struct ahead_ring *ring; /* the one in use; NULL = neither */
    struct shared *shared;   /* memory of `windows` */
    char *stream_memory;
    int64_t stream_block; /* samples of a slot of `stream` */
    struct order order;   /* of samples first .. first + order.samples - 1, which are in the ring */
    int64_t first, turn,
        ready;     /* turns before `turn` are no longer needed, those before `ready` are filled */
    int64_t bytes; /* of a sample */
};

/* ---- in the thread ---- */

static enum status window_open(void *self)
{
    struct window_store *w = self;
    return reader_open(&w->reader);
}

static void window_close(void *self)
{
    struct window_store *w = self;
    reader_close(&w->reader);
}

static enum status window_fill(void *self, int64_t turn, char *slot)
{
    struct window_store *w = self;
    const struct order *o = &w->order;
    int64_t first = turn * o->window, blocks = order_blocks(o) - first;
    if (blocks > o->window) blocks = o->window;
    for (int64_t i = w->ring->rank; i < blocks; i += w->ring->ranks) {
        int64_t at = order_block_at(o, first + i) * o->block, count = o->samples - at;
        if (count > o->block) count = o->block;
        TRY(reader_read(&w->reader, w->first + at, count, slot + i * o->block * w->bytes));
    }
    return STATUS_OK;
}

/* ---- the main thread ---- */

static int64_t window_max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t window_round_up(int64_t a, int64_t unit)
{
    return (a + unit - 1) / unit * unit;
}

void window_choose_sizes(const struct store_spec *spec, int64_t *block, int64_t *window)
{
    int64_t samples = spec->info->samples, chunk = window_max(spec->info->chunk, 1), count;
    int64_t bytes = shape_features(spec->info->shape) * feature_bytes(spec->info->type);
    *block = spec->options->block;
    count = spec->options->window;
    if (*block == 0) *block = window_round_up((BLOCK_BYTES + bytes - 1) / bytes, chunk);
    if (*block > samples) *block = samples;
    if (count == 0) {
        count = (samples + WINDOW_PARTS - 1) / WINDOW_PARTS;
        if (count > WINDOW_BYTES / bytes) count = WINDOW_BYTES / bytes;
        count = window_max(count, WINDOW_MIN * *block);
    }
    if (count > samples) count = samples;
    *window = (count + *block - 1) / *block;
}

static enum status window_start_view(struct window_store *w)
{
    const struct ahead_work work = {window_open, window_close, window_fill, w};
    TRY(loose_init_reader(&w->loose, &w->reader));
    return ahead_create(&w->ahead, &work);
}

static enum status window_create(struct store *s, const struct store_spec *spec)
{
    struct window_store *w = NULL;
    TRY(comm_agree(spec->comm, mem_alloc(&s->self, 1, sizeof *w, "data set")));
    w = s->self;
    w->bytes = s->sample_bytes;
    reader_init(&w->reader, spec, s->view, s->sample_bytes);
    window_choose_sizes(spec, &s->block, &s->window);
    return comm_agree(spec->comm, window_start_view(w));
}

static void window_destroy(struct store *s)
{
    struct window_store *w = s->self;
    if (!w) return;
    ahead_destroy(&w->ahead);
    shared_destroy(&w->shared);
    loose_free(&w->loose);
    mem_free(&w->stream_memory);
    mem_free(&s->self);
}

static enum status window_narrow(struct store *s, struct comm *comm, struct store_view view)
{
    struct window_store *w = s->self;
    ahead_stop(w->ahead);
    s->view = view;
    w->ring = NULL;
    w->reader.view = s->view;
    loose_free(&w->loose);
    return comm_agree(comm, loose_init_reader(&w->loose, &w->reader));
}

static enum status window_split(struct store *s, struct comm *comm, struct store *rest)
{
    struct window_store *w = s->self, *r = NULL;
    TRY(comm_agree(comm, mem_alloc(&rest->self, 1, sizeof *r, "data set")));
    r = rest->self;
    r->bytes = w->bytes;
    reader_copy(&r->reader, &w->reader);
    r->reader.view = rest->view;
    rest->block = s->block;
    rest->window = s->window;
    return comm_agree(comm, window_start_view(r));
}

/* A step lies in two windows at most, and both are in memory. */
static enum status window_prepare(struct store *s, struct comm *comm, const struct store_plan *plan)
{
    struct window_store *w = s->self;
    int64_t blocks = (s->view.samples + s->block - 1) / s->block;
    s->window = window_max(s->window, (plan->batch + s->block - 1) / s->block + 1);
    if (s->window > blocks) s->window = blocks;
    size_t slot_bytes = (size_t)(s->window * s->block * s->sample_bytes);
    int slots = blocks > s->window ? WINDOW_SLOTS : 1, ranks = comm_local_size(comm);
    s->bytes = ahead_ring_bytes(ranks, slots, slot_bytes);
    TRY(shared_create(&w->shared, comm, s->bytes, w->reader.locator));
    ahead_ring_set(&w->windows, shared_base(w->shared), ranks, comm_local_rank(comm), slots, slot_bytes);
    w->windows.shared = w->shared;
    return STATUS_OK;
}

/* Begins to fill the ring with an order of the samples from `first` on, from that turn on. */
static void window_begin(struct window_store *w, struct ahead_ring *ring, const struct order *order,
                         int64_t first, int64_t turn)
{
    ahead_stop(w->ahead);
    w->ring = ring;
    w->order = *order;
    w->first = first;
    w->turn = w->ready = turn;
    ahead_start(w->ahead, ring, turn, order_windows(order));
}

static void window_expect(struct store *s, const struct order *order, int64_t position)
{
    struct window_store *w = s->self;
    int64_t turn = order_window_of(order, position);
    if (w->ring != &w->windows || !order_equal(order, &w->order) || turn < w->turn) {
        window_begin(w, &w->windows, order, 0, turn);
        return;
    }
    w->turn = turn;
    ahead_free_before(w->ring, turn);
}

static enum status window_stream(struct store *s, int64_t first, int64_t end, int64_t at_once)
{
    struct window_store *w = s->self;
    int64_t block = window_max(at_once, window_max(STREAM_BYTES / w->bytes, 1));
    ahead_stop(w->ahead);
    w->ring = NULL;
    if (first >= end) return STATUS_OK;
    if (block > w->stream_block) {
        size_t slot_bytes = (size_t)(block * w->bytes);
        w->stream_block = 0;
        mem_free(&w->stream_memory);
        TRY(mem_alloc(&w->stream_memory, ahead_ring_bytes(1, STREAM_SLOTS, slot_bytes), 1, "samples ahead"));
        ahead_ring_set(&w->stream, w->stream_memory, 1, 0, STREAM_SLOTS, slot_bytes);
        w->stream_block = block;
    }
    struct order order = order_make_windows(0, 0, end - first, false, w->stream_block, 1);
    window_begin(w, &w->stream, &order, first, 0);
    return STATUS_OK;
}

/* The turn in which a sample is, and where in its slot; false = it is not expected. */
static bool window_find(const struct window_store *w, int64_t sample, int64_t *turn, int64_t *place)
{
    int64_t at = sample - w->first;
    if (!w->ring || at < 0 || at >= w->order.samples) return false;
    int64_t block = order_place_of(&w->order, at / w->order.block);
    *turn = block / w->order.window;
    *place = block % w->order.window * w->order.block + at % w->order.block;
    return *turn >= w->turn && *turn < w->turn + w->ring->slots;
}

/* In the order of the file, what is taken says what is no longer needed. */
static void window_advance(struct window_store *w, const int64_t *samples, int64_t count)
{
    int64_t turn;
    if (w->ring != &w->stream || count == 0 || samples[0] < w->first ||
        samples[0] >= w->first + w->order.samples)
        return;
    turn = (samples[0] - w->first) / w->order.block;
    if (turn <= w->turn) return;
    w->turn = turn;
    ahead_free_before(w->ring, turn);
}

static void window_take(struct store *s, const int64_t *samples, int64_t count, const void **features)
{
    struct window_store *w = s->self;
    window_advance(w, samples, count);
    for (int64_t i = 0; i < count; i++) {
        int64_t turn, place;
        if (window_find(w, samples[i], &turn, &place)) {
            const char *slot = w->ring->memory + (size_t)(turn % w->ring->slots) * w->ring->slot_bytes;
            if (turn >= w->ready) slot = ahead_wait(w->ring, turn);
            if (turn >= w->ready) w->ready = turn + 1;
            features[i] = slot + place * w->bytes;
            continue;
        }
        features[i] = loose_take(&w->loose, samples[i], i, count);
    }
}

static enum status window_status(const struct store *s)
{
    const struct window_store *w = s->self;
    TRY(loose_status(&w->loose));
    return w->ring ? ahead_status(w->ring) : STATUS_OK;
}

const struct store_ops store_window = {
    .name = "window",
    .create = window_create,
    .destroy = window_destroy,
    .narrow = window_narrow,
    .split = window_split,
    .prepare = window_prepare,
    .expect = window_expect,
    .stream = window_stream,
    .take = window_take,
    .status = window_status,
};
