/* h5.c - the reading functions of h5.h: each sends a request to the child that has the file open. */
#include "io/h5/h5.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "io/h5/private.h"

#define OBJECT_SECONDS 0.01 /* ten times what one takes */

struct h5_data {
    struct h5 *file;
    int number; /* that the child calls it by */
    struct h5_info info;
    struct h5_packing packing;
};

/* ---- asking ---- */

enum status h5_ask(struct h5 *f, enum h5_request request)
{
    bool is_data = request == H5_ASK_DATA_READ || request == H5_ASK_NEXT;
    f->room->request = request;
    f->room->closing = f->closing;
    f->closing = 0;
    TRY(is_data ? guard_ask_long(f->guard) : guard_ask(f->guard));
    if (f->room->status == STATUS_OK) return STATUS_OK;
    f->room->text[STATUS_TEXT_SIZE - 1] = '\0';
    return status_fail(f->room->status, "%s", f->room->text);
}

enum status h5_ask_name(struct h5 *f, enum h5_request request, const char *object, const char *attr)
{
    struct h5_room *room = f->room;
    int length = snprintf(room->object, sizeof room->object, "%s", object);
    int attr_length = snprintf(room->attr, sizeof room->attr, "%s", attr ? attr : "");
    room->has_attr_name = attr != NULL;
    if (length >= H5_PATH_SIZE || attr_length >= H5_PATH_SIZE)
        return status_fail(STATUS_DATA, "%s: the name '%.40s...' is longer than %d bytes", f->path, object,
                           H5_PATH_SIZE - 1);
    return h5_ask(f, request);
}

enum status h5_nonsense(const struct h5 *f)
{
    return status_fail(
        STATUS_DATA,
        "%s: the process that reads it gave an inconsistent answer; the file is damaged or malicious",
        f->path);
}

static bool h5_makes_sense(const struct h5_info *info)
{
    int64_t elements = 1, bytes;
    bool sound = info->rank >= 0 && info->rank <= H5_MAX_RANK && info->bytes > 0 && info->filter_count >= 0 &&
                 info->filter_count <= H5_MAX_FILTERS;
    for (int i = 0; sound && i < info->rank; i++)
        sound = info->dims[i] >= 0 && !__builtin_mul_overflow(elements, info->dims[i], &elements);
    for (int i = 0; sound && i < info->filter_count; i++)
        sound = memchr(info->filters[i].name, '\0', H5_NAME_SIZE) != NULL;
    return sound && elements == info->elements && !__builtin_mul_overflow(elements, H5_WIDEST, &bytes);
}

/* ---- objects ---- */

enum status h5_find(struct h5 *f, const char *name, enum h5_object *what)
{
    *what = H5_OBJECT_NONE;
    TRY(h5_ask_name(f, H5_ASK_WHAT, name, NULL));
    int64_t found = f->room->number;
    if (found == H5_OBJECT_DATASET || found == H5_OBJECT_GROUP) *what = (enum h5_object)found;
    return STATUS_OK;
}

enum status h5_has_attr(struct h5 *f, const char *object, const char *attr, bool *has)
{
    *has = false;
    TRY(h5_ask_name(f, H5_ASK_HAS_ATTR, object, attr));
    *has = f->room->flag;
    return STATUS_OK;
}

static enum status h5_take_info(const struct h5 *f, struct h5_info *info)
{
    *info = f->room->info;
    return h5_makes_sense(info) ? STATUS_OK : h5_nonsense(f);
}

enum status h5_describe_data(struct h5 *f, const char *name, struct h5_info *info)
{
    TRY(h5_ask_name(f, H5_ASK_DESCRIBE, name, NULL));
    return h5_take_info(f, info);
}

enum status h5_describe_attr(struct h5 *f, const char *object, const char *attr, bool *has,
                             struct h5_info *info)
{
    *has = false;
    TRY(h5_ask_name(f, H5_ASK_DESCRIBE_ATTR, object, attr));
    *has = f->room->flag;
    return *has ? h5_take_info(f, info) : STATUS_OK;
}

void h5_give_time(struct h5 *f)
{
    guard_give_time(f->guard, OBJECT_SECONDS);
}

/* ---- numbers ---- */

/* Takes over the dataset that the child has opened. */
static enum status h5_take_data(struct h5_data **out, struct h5 *f)
{
    const struct h5_room *room = f->room;
    struct h5_data *d = NULL;
    int fills = room->packing.fill_count;
    if (room->number < 0 || room->number >= H5_OPEN_MAX || !h5_makes_sense(&room->info) || fills < 0 ||
        fills > H5_FILLS_MAX)
        return h5_nonsense(f);
    TRY(mem_alloc(&d, 1, sizeof *d, "HDF5 dataset"));
    *d = (struct h5_data){
        .file = f, .number = (int)room->number, .info = room->info, .packing = room->packing};
    *out = d;
    return STATUS_OK;
}

enum status h5_data_open(struct h5_data **out, struct h5 *f, const char *name)
{
    *out = NULL;
    TRY(h5_ask_name(f, H5_ASK_DATA_OPEN, name, NULL));
    return h5_take_data(out, f);
}

/* Adds a text to those that a request sends. */
static enum status h5_send_name(struct h5 *f, size_t *at, const char *name)
{
    size_t bytes = strlen(name) + 1;
    if (bytes > H5_PATH_SIZE || bytes > H5_ROOM_BYTES - *at)
        return status_fail(STATUS_DATA, "%s: the name '%.40s...' is longer than %d bytes", f->path, name,
                           H5_PATH_SIZE - 1);
    memcpy(f->room->piece + *at, name, bytes);
    *at += bytes;
    return STATUS_OK;
}

enum status h5_data_open_first(struct h5_data **out, struct h5 *f, const char *const *names, int count,
                               const char *attr, struct h5_first *first)
{
    size_t at = 0;
    *out = NULL;
    for (int i = 0; i < count; i++) TRY(h5_send_name(f, &at, names[i]));
    f->room->names = count;
    TRY(h5_ask_name(f, H5_ASK_DATA_OPEN_FIRST, "", attr));
    int64_t which = f->room->which;
    *first = (struct h5_first){.which = which >= 0 && which < count ? (int)which : -1};
    if (first->which < 0) return STATUS_OK;
    first->has_attr = f->room->flag;
    return h5_take_data(out, f);
}

enum status h5_find_first(struct h5 *f, const struct h5_place *places, int count, int *which)
{
    size_t at = 0;
    *which = -1;
    for (int i = 0; i < count; i++) {
        TRY(h5_send_name(f, &at, places[i].object));
        TRY(h5_send_name(f, &at, places[i].attr ? places[i].attr : ""));
    }
    f->room->names = count;
    TRY(h5_ask(f, H5_ASK_WHICH));
    if (f->room->which >= 0 && f->room->which < count) *which = (int)f->room->which;
    return STATUS_OK;
}

/* Without a request of its own. */
void h5_data_close(struct h5_data **d)
{
    if (!*d) return;
    (*d)->file->closing |= (uint64_t)1 << (*d)->number;
    mem_free(d);
}

const struct h5_info *h5_data_info(const struct h5_data *d)
{
    return &d->info;
}

const struct h5_packing *h5_data_packing(const struct h5_data *d)
{
    static const struct h5_packing plain = {.scale = 1};
    return d ? &d->packing : &plain;
}

const struct h5_number *h5_fill_of(const struct h5_packing *p, float missing)
{
    uint32_t bits;
    memcpy(&bits, &missing, sizeof bits);
    bits &= UINT32_C(0x3fffff);
    return bits > 0 && bits <= (uint32_t)p->fill_count ? &p->fills[bits - 1] : NULL;
}

static int64_t h5_bytes_of(enum h5_type type)
{
    return type == H5_TYPE_U8 ? 1 : type == H5_TYPE_F32 ? 4 : 8;
}

/* Rows come in pieces, one behind the other. */
static enum status h5_read_wanted(struct h5_data *d, const struct h5_wanted *wanted, int64_t elements,
                                  void *out)
{
    struct h5 *f = d->file;
    int64_t bytes = elements * h5_bytes_of(wanted->type), at = 0;
    f->room->dataset = d->number;
    f->room->wanted = *wanted;
    TRY(h5_ask(f, H5_ASK_DATA_READ));
    for (;;) {
        int64_t piece = f->room->bytes;
        bool more = f->room->more;
        if (piece < 0 || piece > (int64_t)H5_ROOM_BYTES || piece > bytes - at) return h5_nonsense(f);
        memcpy((char *)out + at, f->room->piece, (size_t)piece);
        at += piece;
        if (!more) break;
        TRY(h5_ask(f, H5_ASK_NEXT));
    }
    return at == bytes ? STATUS_OK : h5_nonsense(f);
}

enum status h5_data_read(struct h5_data *d, int64_t first, int64_t count, enum h5_type type, void *out)
{
    return h5_data_read_every(d, first, 1, count, type, out);
}

enum status h5_data_read_every(struct h5_data *d, int64_t first, int64_t step, int64_t count,
                               enum h5_type type, void *out)
{
    return h5_data_read_along(d, 0, first, step, count, type, out);
}

enum status h5_data_read_along(struct h5_data *d, int axis, int64_t first, int64_t step, int64_t count,
                               enum h5_type type, void *out)
{
    const struct h5_info *info = &d->info;
    assert(step >= 1 && axis >= 0 && (axis == 0 || axis < info->rank));
    if (first < 0)
        return status_fail(STATUS_DATA, "%s: row %" PRId64 " does not exist", d->file->path, first);
    int64_t rows = info->rank ? info->dims[axis] : 1, row = rows ? info->elements / rows : 0;
    int64_t elements = count > 0 && count <= rows ? count * row : 0; /* the child refuses others */
    return h5_read_wanted(d, &(struct h5_wanted){first, step, count, type, axis}, elements, out);
}

enum status h5_data_read_all(struct h5_data *d, enum h5_type type, void *out)
{
    return h5_read_wanted(d, &(struct h5_wanted){-1, 1, 0, type, 0}, d->info.elements, out);
}

enum status h5_read(struct h5 *f, const char *name, enum h5_type type, int64_t count, void *out)
{
    struct h5_data *d = NULL;
    TRY(h5_data_open(&d, f, name));
    enum status status = STATUS_OK;
    if (d->info.elements != count)
        status = status_fail(STATUS_DATA, "%s: %s: holds %" PRId64 " values where %" PRId64 " are needed",
                             f->path, name, d->info.elements, count);
    else
        status = h5_data_read_all(d, type, out);
    h5_data_close(&d);
    return status;
}
