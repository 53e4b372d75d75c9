/* serve.c - the main loop of the child: answers requests about one file. */
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "io/h5/private.h"

struct h5_serve_open_data {
    bool used;
    struct h5_dataset dataset;
    char name[H5_PATH_SIZE];
};

struct server {
    struct guard *guard;
    struct h5_file *file;
    struct h5_room *room;
    char path[H5_PATH_SIZE];
    struct h5_serve_open_data data[H5_OPEN_MAX];
};

/* Hands over one piece of a longer answer and waits until the parent asks for the next. */
static bool h5_serve_hand_over(void *self, size_t bytes)
{
    struct server *s = self;
    s->room->status = STATUS_OK;
    s->room->more = true;
    s->room->bytes = (int64_t)bytes;
    return guard_next(s->guard) && s->room->request == H5_ASK_NEXT;
}

/* The last piece of numbers is the answer itself. */
static bool h5_serve_hand_numbers(void *self, size_t bytes, bool last)
{
    struct server *s = self;
    if (!last) return h5_serve_hand_over(s, bytes);
    s->room->bytes = (int64_t)bytes;
    return true;
}

/* Opens a file, after closing the one before. */
static enum status h5_serve_open_file(struct server *s)
{
    struct h5_file *f = s->file;
    for (int i = 0; i < H5_OPEN_MAX; i++)
        if (s->data[i].used) h5_dataset_close(f, &s->data[i].dataset), s->data[i].used = false;
    h5_file_close(f);
    snprintf(s->path, sizeof s->path, "%s", s->room->object);
    f->path = s->path;
    f->bytes = s->room->file_bytes;
    return h5_file_open(f);
}

/* Opens a dataset, if there is one of that name. */
static enum status h5_serve_open_named(struct server *s, const char *name, bool *found)
{
    struct h5_room *room = s->room;
    int at = 0;
    while (at < H5_OPEN_MAX && s->data[at].used) at++;
    if (at == H5_OPEN_MAX)
        return status_fail(STATUS_OTHER, "%s: more than %d datasets are open", s->file->path, H5_OPEN_MAX);
    struct h5_serve_open_data *d = &s->data[at];
    snprintf(d->name, sizeof d->name, "%s", name);
    TRY(h5_dataset_find(s->file, d->name, &d->dataset, found));
    if (!*found) return STATUS_OK;
    enum status status = h5_packing_read(s->file, d->name, &d->dataset, &d->dataset.packing);
    if (status != STATUS_OK) {
        h5_dataset_close(s->file, &d->dataset);
        return status;
    }
    d->used = true;
    room->number = at;
    room->info = d->dataset.info;
    room->packing = d->dataset.packing;
    return STATUS_OK;
}

static enum status h5_serve_open_data(struct server *s)
{
    bool found;
    TRY(h5_serve_open_named(s, s->room->object, &found));
    return found ? STATUS_OK
                 : status_fail(STATUS_DATA, "%s: no dataset '%s'", s->file->path, s->room->object);
}

static void h5_serve_close_data(struct server *s)
{
    for (int i = 0; i < H5_OPEN_MAX; i++)
        if (s->room->closing >> i & 1 && s->data[i].used) {
            h5_dataset_close(s->file, &s->data[i].dataset);
            s->data[i].used = false;
        }
}

static enum status h5_serve_read_data(struct server *s)
{
    struct h5_room *room = s->room;
    const struct h5_serve_open_data *d = &s->data[room->dataset];
    struct h5_wanted wanted = room->wanted;
    room->bytes = 0;
    const struct h5_sink sink = {room->piece, H5_ROOM_BYTES, h5_serve_hand_numbers, s};
    return h5_read_rows(s->file, &d->dataset, d->name, &wanted, &sink);
}

/* First how many there are, then the texts themselves. */
static void h5_serve_hand_over_texts(struct server *s, const struct h5_texts *t)
{
    s->room->number = t->count;
    bool listening = h5_serve_hand_over(s, t->bytes);
    for (size_t at = 0, n; listening && at < t->bytes; at += n) {
        n = t->bytes - at < H5_ROOM_BYTES ? t->bytes - at : H5_ROOM_BYTES;
        memcpy(s->room->piece, t->block + at, n);
        listening = h5_serve_hand_over(s, n);
    }
}

static enum status h5_serve_find_texts(struct server *s, struct h5_texts *t)
{
    const struct h5_room *room = s->room;
    switch (room->request) {
    case H5_ASK_LIST:
        return h5_file_list(s->file, room->object, t);
    case H5_ASK_CHILDREN:
        return h5_file_children(s->file, room->object, t);
    case H5_ASK_COLUMNS:
        return h5_column_list(s->file, room->object, t);
    default:
        return h5_text_read(s->file, room->object, room->has_attr_name ? room->attr : NULL, t);
    }
}

static enum status h5_serve_read_texts(struct server *s)
{
    struct h5_texts t = {0};
    enum status status = h5_serve_find_texts(s, &t);
    if (status == STATUS_OK) h5_serve_hand_over_texts(s, &t);
    mem_free(&t.block);
    return status;
}

/* What stands under a name; the column of a table counts as a dataset. */
static enum status h5_serve_find(struct server *s)
{
    enum h5_object what = H5_OBJECT_NONE;
    char table[H5_PATH_SIZE], column[H5_PATH_SIZE];
    TRY(h5_file_find(s->file, s->room->object, &what));
    if (what == H5_OBJECT_NONE && h5_column_find(s->file, s->room->object, table, column))
        what = H5_OBJECT_DATASET;
    s->room->number = what;
    return STATUS_OK;
}

/* The next of the names that were sent. */
static const char *h5_serve_next_name(const struct server *s, size_t *at)
{
    const char *name = s->room->piece + *at;
    *at += strlen(name) + 1;
    return name;
}

/* Opens the first name that is a dataset, and says whether that has an attribute, which columns of tables have not. */
static enum status h5_serve_open_first(struct server *s)
{
    struct h5_room *room = s->room;
    bool found = false;
    size_t at = 0;
    room->which = -1;
    for (int64_t i = 0; i < room->names && !found; i++) {
        TRY(h5_serve_open_named(s, h5_serve_next_name(s, &at), &found));
        if (found) room->which = i;
    }
    const struct h5_dataset *d = found ? &s->data[room->number].dataset : NULL;
    room->flag = d && !*d->column && H5Aexists(d->id, room->attr) > 0;
    return STATUS_OK;
}

/* Finds the first place that is there: pairs of an object and the name of an attribute, or "" for a dataset. */
static enum status h5_serve_which(struct server *s)
{
    struct h5_room *room = s->room;
    size_t at = 0;
    room->which = -1;
    for (int64_t i = 0; i < room->names && room->which < 0; i++) {
        const char *object = h5_serve_next_name(s, &at), *attr = h5_serve_next_name(s, &at);
        enum h5_object what = H5_OBJECT_NONE;
        bool has = false;
        TRY(*attr ? h5_file_has_attr(s->file, object, attr, &has) : h5_file_find(s->file, object, &what));
        if (has || what == H5_OBJECT_DATASET) room->which = i;
    }
    return STATUS_OK;
}

/* A column is described by opening it. */
static enum status h5_serve_describe(struct server *s)
{
    struct h5_room *room = s->room;
    struct h5_dataset column;
    enum h5_object what;
    TRY(h5_file_find(s->file, room->object, &what));
    if (what == H5_OBJECT_DATASET) return h5_file_describe(s->file, room->object, &room->info);
    TRY(h5_dataset_open(s->file, room->object, &column));
    room->info = column.info;
    h5_dataset_close(s->file, &column);
    return STATUS_OK;
}

static enum status h5_serve_answer(struct server *s)
{
    struct h5_room *room = s->room;
    h5_serve_close_data(s);
    switch (room->request) {
    case H5_ASK_OPEN:
        return h5_serve_open_file(s);
    case H5_ASK_WHAT:
        return h5_serve_find(s);
    case H5_ASK_HAS_ATTR:
        return h5_file_has_attr(s->file, room->object, room->attr, &room->flag);
    case H5_ASK_LIST:
    case H5_ASK_CHILDREN:
    case H5_ASK_COLUMNS:
    case H5_ASK_TEXTS:
        return h5_serve_read_texts(s);
    case H5_ASK_DESCRIBE:
        return h5_serve_describe(s);
    case H5_ASK_DESCRIBE_ATTR:
        return h5_text_describe(s->file, room->object, room->attr, &room->flag, &room->info);
    case H5_ASK_DATA_OPEN:
        return h5_serve_open_data(s);
    case H5_ASK_DATA_OPEN_FIRST:
        return h5_serve_open_first(s);
    case H5_ASK_WHICH:
        return h5_serve_which(s);
    case H5_ASK_DATA_READ:
        return h5_serve_read_data(s);
    case H5_ASK_INTEGERS:
        return h5_text_numbers(s->file, room->object, room->attr, true, room->wanted.count, &room->flag,
                               room->piece);
    case H5_ASK_DOUBLES:
        return h5_text_numbers(s->file, room->object, room->attr, false, room->wanted.count, &room->flag,
                               room->piece);
    case H5_ASK_NEXT:
        break;
    }
    return status_fail(STATUS_OTHER, "%s: unknown request to the process that reads it", s->file->path);
}

void h5_serve(struct guard *g, void *file)
{
    struct server *s = NULL;
    if (mem_alloc(&s, 1, sizeof *s, "HDF5 reader") != STATUS_OK) return;
    s->guard = g;
    s->file = file;
    s->file->guard = g;
    s->room = guard_room(g);
    while (guard_next(g)) {
        enum status status = h5_serve_answer(s);
        s->room->status = status;
        s->room->more = false;
        snprintf(s->room->text, sizeof s->room->text, "%s", status == STATUS_OK ? "" : status_text());
    }
}
