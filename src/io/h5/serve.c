/* serve.c - the main loop of the child: answers requests about one file. */
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "io/h5/private.h"

#define OPEN_MAX_DATASETS 64

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
    struct h5_serve_open_data data[OPEN_MAX_DATASETS];
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

/* Opens a file, after closing the one before. */
static enum status h5_serve_open_file(struct server *s)
{
    struct h5_file *f = s->file;
    for (int i = 0; i < OPEN_MAX_DATASETS; i++)
        if (s->data[i].used) h5_dataset_close(f, &s->data[i].dataset), s->data[i].used = false;
    h5_file_close(f);
    snprintf(s->path, sizeof s->path, "%s", s->room->object);
    f->path = s->path;
    f->bytes = s->room->file_bytes;
    return h5_file_open(f);
}

static enum status h5_serve_open_data(struct server *s)
{
    struct h5_room *room = s->room;
    int at = 0;
    while (at < OPEN_MAX_DATASETS && s->data[at].used) at++;
    if (at == OPEN_MAX_DATASETS)
        return status_fail(STATUS_OTHER, "%s: more than %d datasets are open", s->file->path,
                           OPEN_MAX_DATASETS);
    struct h5_serve_open_data *d = &s->data[at];
    snprintf(d->name, sizeof d->name, "%s", room->object);
    TRY(h5_dataset_open(s->file, d->name, &d->dataset));
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

static enum status h5_serve_close_data(struct server *s)
{
    struct h5_serve_open_data *d = &s->data[s->room->dataset];
    h5_dataset_close(s->file, &d->dataset);
    d->used = false;
    return STATUS_OK;
}

static enum status h5_serve_read_data(struct server *s)
{
    struct h5_room *room = s->room;
    const struct h5_serve_open_data *d = &s->data[room->dataset];
    struct h5_wanted wanted = room->wanted;
    const struct h5_sink sink = {room->piece, H5_ROOM_BYTES, h5_serve_hand_over, s};
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
    case H5_ASK_DATA_CLOSE:
        return h5_serve_close_data(s);
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
