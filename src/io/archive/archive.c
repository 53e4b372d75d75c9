/* archive.c - finds the format of a file, keeps the list of its entries, and turns their bytes into floats. */
#include "io/archive/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "io/archive/private.h"

#define PIECE 8192 /* values that are read at once */

static const struct archive_ops *const formats[] = {&archive_zip, &archive_keras, &archive_safetensors};

enum status archive_fail(const struct archive *a, const char *what)
{
    return status_fail(STATUS_DATA, "%s: is damaged: %s; copy or write it again", a->path, what);
}

static enum status archive_find_format(struct archive *a)
{
    uint8_t start[ARCHIVE_START] = {0};
    int file = open(a->path, O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? -1 : pread(file, start, sizeof start, 0);
    int error = errno;
    if (file >= 0) close(file);
    if (got < 0) return status_fail(STATUS_DATA, "%s: cannot be read: %s", a->path, strerror(error));
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i]->fits(start, a->state.facts.st_size)) {
            a->ops = formats[i];
            return STATUS_OK;
        }
    return status_fail(STATUS_DATA,
                       "%s: holds no weights that this program can read: neither a checkpoint of ddp_train "
                       "nor safetensors, PyTorch's zip format (torch.save), NumPy's .npz or HDF5",
                       a->path);
}

enum status archive_open(struct archive **out, const char *path)
{
    struct archive *a = NULL;
    *out = NULL;
    TRY(mem_alloc(&a, 1, sizeof *a, "file of weights"));
    enum status status = mem_copy_text(&a->path, path);
    if (status == STATUS_OK) status = filestate_take(&a->state, path);
    if (status == STATUS_OK) status = archive_find_format(a);
    if (status == STATUS_OK) status = a->ops->open(a);
    if (status != STATUS_OK)
        archive_close(&a);
    else
        *out = a;
    return status;
}

void archive_close(struct archive **a)
{
    if (!*a) return;
    if ((*a)->ops) (*a)->ops->close(*a);
    mem_free(&(*a)->entries);
    mem_free(&(*a)->path);
    mem_free(a);
}

int64_t archive_count(const struct archive *a)
{
    return a->count;
}

const struct archive_entry *archive_entry(const struct archive *a, int64_t index)
{
    return &a->entries[index];
}

enum status archive_add(struct archive *a, struct archive_entry **e)
{
    if (a->count == ARCHIVE_ENTRIES_MAX)
        return status_fail(STATUS_DATA, "%s: holds more than %d arrays", a->path, ARCHIVE_ENTRIES_MAX);
    TRY(mem_grow(&a->entries, &a->room, a->count, sizeof *a->entries, "list of weights"));
    *e = &a->entries[a->count++];
    return STATUS_OK;
}

enum status archive_settle(const struct archive *a, struct archive_entry *e, const char *name)
{
    if (strlen(name) >= ARCHIVE_NAME)
        return status_fail(STATUS_DATA, "%s: '%.40s...': a name of more than %d bytes", a->path, name,
                           ARCHIVE_NAME - 1);
    strcpy(e->name, name);
    int64_t bytes = 8;
    bool empty = false;
    for (int i = 0; i < e->rank; i++) {
        e->axes[i] = i;
        empty = empty || e->dims[i] == 0;
        if (e->dims[i] < 0 || (e->dims[i] > 0 && __builtin_mul_overflow(bytes, e->dims[i], &bytes)))
            return status_fail(STATUS_DATA, "%s: %s: declares a shape that no file can hold", a->path, name);
    }
    e->elements = empty ? 0 : bytes / 8;
    return STATUS_OK;
}

void archive_set_type(struct archive_entry *e, const struct archive_type_name *table, const char *name)
{
    while (table->name && strcmp(table->name, name) != 0) table++;
    e->type = table->name ? table->type : ARCHIVE_OTHER;
    archive_note_type(e, name);
}

void archive_note_type(struct archive_entry *e, const char *name)
{
    if (e->type == ARCHIVE_INTEGER)
        snprintf(e->problem, sizeof e->problem, "holds %.40s, not floating-point numbers", name);
    if (e->type == ARCHIVE_OTHER)
        snprintf(e->problem, sizeof e->problem, "holds %.40s, which is not read", name);
}

bool archive_type_is_read(enum archive_type type)
{
    return type < ARCHIVE_INTEGER;
}

int archive_type_bytes(enum archive_type type)
{
    return type == ARCHIVE_F64 ? 8 : type == ARCHIVE_F32 ? 4 : 2;
}

/* IEEE 754 half precision; exact. */
static float archive_half(uint16_t bits)
{
    uint32_t sign = (uint32_t)(bits & 0x8000) << 16, exponent = bits >> 10 & 31, fraction = bits & 1023u;
    if (exponent == 0) {
        float value = (float)fraction * 0x1p-24f;
        return sign ? -value : value;
    }
    uint32_t wide = sign | (exponent == 31 ? 255u : exponent + 112) << 23 | fraction << 13;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

/* Turns the bytes of numbers around. */
static void archive_swap(unsigned char *raw, int64_t count, int bytes)
{
    for (int64_t i = 0; i < count; i++, raw += bytes)
        for (int low = 0, high = bytes - 1; low < high; low++, high--) {
            unsigned char byte = raw[low];
            raw[low] = raw[high];
            raw[high] = byte;
        }
}

/* Widens, or rounds, `count` little-endian numbers. */
static void archive_widen(enum archive_type type, const unsigned char *raw, int64_t count, float *to)
{
    double wide;
    uint32_t word;
    for (int64_t i = 0; i < count; i++, raw += archive_type_bytes(type)) switch (type) {
        case ARCHIVE_F64:
            memcpy(&wide, raw, sizeof wide);
            to[i] = (float)wide;
            break;
        case ARCHIVE_F16:
            to[i] = archive_half((uint16_t)(raw[0] | raw[1] << 8));
            break;
        case ARCHIVE_BF16:
            word = (uint32_t)raw[0] << 16 | (uint32_t)raw[1] << 24;
            memcpy(&to[i], &word, sizeof word);
            break;
        default:
            memcpy(&to[i], raw, sizeof *to);
        }
}

/* Where values go that come in the order of `axes`. */
struct archive_walk {
    const struct archive_entry *entry;
    int64_t strides[ARCHIVE_RANK], at[ARCHIVE_RANK]; /* of stored axes, slowest first */
    int64_t place;
};

static void archive_start_walk(struct archive_walk *w, const struct archive_entry *e)
{
    int64_t stride[ARCHIVE_RANK], step = 1;
    *w = (struct archive_walk){.entry = e};
    for (int i = e->rank - 1; i >= 0; i--) stride[i] = step, step *= e->dims[i];
    for (int i = 0; i < e->rank; i++) w->strides[i] = stride[e->axes[i]];
}

static void archive_advance(struct archive_walk *w)
{
    for (int i = w->entry->rank - 1; i >= 0; i--) {
        w->place += w->strides[i];
        if (++w->at[i] < w->entry->dims[w->entry->axes[i]]) return;
        w->place -= w->at[i] * w->strides[i];
        w->at[i] = 0;
    }
}

static enum status archive_read_values(struct archive *a, const struct archive_entry *e, float *values)
{
    unsigned char raw[PIECE * 8];
    float piece[PIECE];
    struct archive_walk walk;
    archive_start_walk(&walk, e);
    for (int64_t done = 0; done < e->elements;) {
        int64_t count = e->elements - done < PIECE ? e->elements - done : PIECE;
        TRY(a->ops->next(a, raw, (size_t)count * (size_t)archive_type_bytes(e->type)));
        if (e->big_endian) archive_swap(raw, count, archive_type_bytes(e->type));
        archive_widen(e->type, raw, count, piece);
        for (int64_t i = 0; i < count; i++, archive_advance(&walk)) values[walk.place] = piece[i];
        done += count;
    }
    return a->ops->end(a);
}

enum status archive_read(struct archive *a, int64_t index, float *values)
{
    const struct archive_entry *e = &a->entries[index];
    TRY(a->ops->begin(a, e));
    enum status status = archive_read_values(a, e, values);
    if (status == STATUS_OK) status = filestate_check(&a->state, a->path);
    return status == STATUS_OK ? status : status_at(status, "%s", a->path);
}

const char *archive_format(const struct archive *a)
{
    return a->ops->name;
}
