/* scratch.c - features in a file on a disk of the node, in the order of the source; the samples of the next steps
 * are read ahead. */
#include "data/store/scratch.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/mem.h"
#include "data/store/ahead.h"
#include "data/store/loose.h"
#include "data/store/ops.h"

#define PIECE_BYTES (1 << 20) /* of a read of the source, and of a turn in the order of the file */
#define TURNS       3         /* in memory: steps, or parts of a stream */

/* Of both views of a set. */
struct scratch_file {
    int views;
    int file;
    const char *what; /* the locator, for messages */
    char *piece;      /* [PIECE_BYTES] or one sample */
};

/* The samples of a turn in memory. */
struct scratch_turns {
    struct ahead_ring ring;
    char *memory;
    int64_t room; /* samples of a turn */
};

struct scratch_store {
    struct scratch_file *file;
    struct ahead *ahead;
    struct scratch_turns steps, stream;
    struct scratch_turns *turns; /* what is expected: `steps`, `stream`, or NULL = nothing */
    struct store_plan plan;
    struct order order; /* of `steps` */
    int64_t first, end; /* the position of turn 0 in the order; or samples of `stream` */
    int64_t turn, at;   /* the sample that is taken next */
    const struct store *store;
    struct loose loose;
};

static int64_t scratch_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- what is expected ---- */

/* Samples of this rank in a turn. */
static int64_t scratch_count(const struct scratch_store *c, int64_t turn)
{
    if (c->turns == &c->stream) return scratch_min(c->stream.room, c->end - c->first - turn * c->stream.room);
    int64_t left = c->order.samples - (c->first + turn * c->plan.batch);
    int64_t count = scratch_min(c->plan.end, left) - c->plan.begin;
    return count > 0 ? count : 0;
}

static int64_t scratch_sample(const struct scratch_store *c, int64_t turn, int64_t i)
{
    if (c->turns == &c->stream) return c->first + turn * c->stream.room + i;
    return order_at(&c->order, c->first + turn * c->plan.batch + c->plan.begin + i);
}

/* ---- in the thread ---- */

static enum status scratch_begin(void *self)
{
    (void)self;
    return STATUS_OK;
}

static void scratch_end(void *self)
{
    (void)self;
}

/* Tells the system first what will be read, so that the disk may work on all at the same time. */
static enum status scratch_fill_turn(void *self, int64_t turn, char *slot)
{
    const struct scratch_store *c = self;
    const struct store *s = c->store;
    int64_t count = scratch_count(c, turn), bytes = s->sample_bytes, at = 0;
    for (int64_t i = 0; c->turns == &c->steps && i < count; i++) {
        at = store_number(s, scratch_sample(c, turn, i));
        posix_fadvise(c->file->file, (off_t)(at * bytes), (off_t)bytes, POSIX_FADV_WILLNEED);
    }
    for (int64_t i = 0, n, next = -1; i < count; i += n) {
        at = i == 0 ? store_number(s, scratch_sample(c, turn, 0)) : next;
        for (n = 1; i + n < count; n++) {
            next = store_number(s, scratch_sample(c, turn, i + n));
            if (next != at + n) break;
        }
        TRY(scratch_read(c->file->file, slot + i * bytes, (size_t)(n * bytes), at * bytes, c->file->what));
    }
    return STATUS_OK;
}

/* ---- the main thread ---- */

static enum status scratch_read_samples(const struct store *s, int64_t first, int64_t count, void *out)
{
    const struct scratch_store *c = s->self;
    return scratch_read(c->file->file, out, (size_t)(count * s->sample_bytes), first * s->sample_bytes,
                        c->file->what);
}

static enum status scratch_read_loose(void *self, int64_t sample, char *row)
{
    const struct store *s = self;
    return scratch_read_samples(s, store_number(s, sample), 1, row);
}

static enum status scratch_make_turns(struct scratch_turns *t, int64_t room, int64_t sample_bytes)
{
    t->room = room;
    size_t slot = ((size_t)(room * sample_bytes) + MEM_ALIGN - 1) / MEM_ALIGN * MEM_ALIGN;
    TRY(mem_alloc(&t->memory, ahead_ring_bytes(1, TURNS, slot), 1, "samples ahead"));
    ahead_ring_set(&t->ring, t->memory, 1, 0, TURNS, slot);
    return STATUS_OK;
}

static enum status scratch_start_view(struct store *s, struct scratch_file *file)
{
    struct scratch_store *c = s->self;
    c->file = file;
    c->store = s;
    file->views++;
    TRY(loose_init(&c->loose, s->sample_bytes, scratch_read_loose, s));
    return ahead_create(&c->ahead, &(struct ahead_work){scratch_begin, scratch_end, scratch_fill_turn, c});
}

static enum status scratch_make(struct store *s, const char *what)
{
    struct scratch_file *file = NULL;
    size_t bytes = (size_t)s->sample_bytes;
    TRY(mem_alloc(&s->self, 1, sizeof(struct scratch_store), "data set"));
    TRY(mem_alloc(&file, 1, sizeof *file, "data set"));
    *file = (struct scratch_file){.file = -1, .what = what};
    TRY(scratch_start_view(s, file));
    return mem_alloc(&file->piece, bytes > PIECE_BYTES ? bytes : PIECE_BYTES, 1, "samples that are read");
}

static enum status scratch_create_store(struct store *s, const struct store_spec *spec)
{
    const char *what = spec->locator;
    TRY(comm_agree(spec->comm, scratch_make(s, what)));
    struct scratch_store *c = s->self;
    return scratch_open(&c->file->file, spec->comm, scratch_folder(spec->options->scratch_dir),
                        (size_t)(spec->info->samples * s->sample_bytes), what);
}

static void scratch_destroy(struct store *s)
{
    struct scratch_store *c = s->self;
    if (!c) return;
    ahead_destroy(&c->ahead);
    mem_free(&c->steps.memory);
    mem_free(&c->stream.memory);
    loose_free(&c->loose);
    if (c->file && --c->file->views == 0) {
        if (c->file->file >= 0) close(c->file->file);
        mem_free(&c->file->piece);
        mem_free(&c->file);
    }
    mem_free(&s->self);
}

static enum status scratch_narrow(struct store *s, struct comm *comm, struct store_view view)
{
    struct scratch_store *c = s->self;
    (void)comm;
    ahead_stop(c->ahead);
    s->view = view;
    c->turns = NULL;
    return STATUS_OK;
}

static enum status scratch_split(struct store *s, struct comm *comm, struct store *rest)
{
    const struct scratch_store *c = s->self;
    enum status status = mem_alloc(&rest->self, 1, sizeof *c, "data set");
    if (status == STATUS_OK) status = scratch_start_view(rest, c->file);
    return comm_agree(comm, status);
}

static enum status scratch_fill(struct store *s, struct source *source, int64_t first, int64_t count)
{
    struct scratch_store *c = s->self;
    int64_t piece = s->sample_bytes < PIECE_BYTES ? PIECE_BYTES / s->sample_bytes : 1;
    struct source_rows rows = {.features = c->file->piece};
    for (int64_t end = first + count, n; first < end; first += n) {
        n = scratch_min(piece, end - first);
        TRY(source_read(source, first, n, &rows));
        TRY(scratch_write(c->file->file, rows.features, (size_t)(n * s->sample_bytes),
                          first * s->sample_bytes, c->file->what));
    }
    return STATUS_OK;
}

static enum status scratch_prepare(struct store *s, struct comm *comm, const struct store_plan *plan)
{
    struct scratch_store *c = s->self;
    int64_t room = plan->end - plan->begin;
    c->plan = *plan;
    s->bytes = ahead_ring_bytes(1, TURNS, (size_t)(plan->batch * s->sample_bytes));
    return comm_agree(comm, scratch_make_turns(&c->steps, room > 0 ? room : 1, s->sample_bytes));
}

static void scratch_expect(struct store *s, const struct order *order, int64_t position)
{
    struct scratch_store *c = s->self;
    int64_t batch = c->plan.batch, turn = (position - c->first) / batch;
    bool goes_on = c->turns == &c->steps && order_equal(order, &c->order) && position >= c->first &&
                   (position - c->first) % batch == 0 && turn >= c->turn;
    if (!goes_on) {
        ahead_stop(c->ahead);
        c->turns = &c->steps;
        c->order = *order;
        c->first = position;
        turn = 0;
        ahead_start(c->ahead, &c->steps.ring, 0, (order->samples - position + batch - 1) / batch);
    }
    c->turn = turn;
    c->at = 0;
    ahead_free_before(&c->steps.ring, turn);
}

static enum status scratch_stream(struct store *s, int64_t first, int64_t end, int64_t at_once)
{
    struct scratch_store *c = s->self;
    int64_t room = PIECE_BYTES / s->sample_bytes > at_once ? PIECE_BYTES / s->sample_bytes : at_once;
    ahead_stop(c->ahead);
    c->turns = NULL;
    if (first >= end) return STATUS_OK;
    if (room > c->stream.room) {
        c->stream.room = 0;
        mem_free(&c->stream.memory);
        TRY(scratch_make_turns(&c->stream, room, s->sample_bytes));
    }
    c->turns = &c->stream;
    c->first = first;
    c->end = end;
    c->turn = c->at = 0;
    ahead_start(c->ahead, &c->stream.ring, 0, (end - first + c->stream.room - 1) / c->stream.room);
    return STATUS_OK;
}

/* Returns the features of the next sample that is expected, NULL if it is another one. */
static const char *scratch_take_expected(struct scratch_store *c, int64_t sample)
{
    if (!c->turns) return NULL;
    if (c->at == scratch_count(c, c->turn) && c->turns == &c->stream) {
        if (c->first + (c->turn + 1) * c->stream.room >= c->end) return NULL;
        c->turn++;
        c->at = 0;
    }
    if (c->at >= scratch_count(c, c->turn) || scratch_sample(c, c->turn, c->at) != sample) return NULL;
    const char *slot = ahead_wait(&c->turns->ring, c->turn);
    return slot + c->at++ * c->store->sample_bytes;
}

static void scratch_take(struct store *s, const int64_t *samples, int64_t count, const void **features)
{
    struct scratch_store *c = s->self;
    if (c->turns) ahead_free_before(&c->turns->ring, c->turn);
    for (int64_t i = 0; i < count; i++) {
        const char *row = scratch_take_expected(c, samples[i]);
        features[i] = row ? row : loose_take(&c->loose, samples[i], i, count);
    }
}

static enum status scratch_status(const struct store *s)
{
    const struct scratch_store *c = s->self;
    TRY(loose_status(&c->loose));
    return c->turns ? ahead_status(&c->turns->ring) : STATUS_OK;
}

const struct store_ops store_scratch = {
    .name = "scratch",
    .create = scratch_create_store,
    .destroy = scratch_destroy,
    .narrow = scratch_narrow,
    .split = scratch_split,
    .fill = scratch_fill,
    .read = scratch_read_samples,
    .prepare = scratch_prepare,
    .expect = scratch_expect,
    .stream = scratch_stream,
    .take = scratch_take,
    .status = scratch_status,
};
