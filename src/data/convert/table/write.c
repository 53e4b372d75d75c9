/* write.c - writes the rows as datasets x and y, at the root or in the groups train and test. */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/convert/table/private.h"
#include "core/mem.h"

#define BLOCK_BYTES (1 << 20)
#define PATH_SIZE   32
#define NAMES_MAX   ((size_t)64 << 20)

/* One group: rows gather in x and y and go to the file by the block. */
struct side {
    struct h5_rows *x_rows, *y_rows;
    float *x;   /* [block][width] */
    uint8_t *y; /* [block][targets] in the type of y */
    int64_t filled, written;
};

struct table_writer {
    struct h5_writer *file;
    struct side sides[2];
    int64_t block; /* rows */
    enum h5_type y_type;
    int y_bytes;
};

static void table_write_path_of(const struct table *t, int side, const char *name, char path[PATH_SIZE])
{
    bool split = t->options->split != TABLE_SPLIT_NONE;
    snprintf(path, PATH_SIZE, "%s%s", !split ? "" : side ? "test/" : "train/", name);
}

/* ---- names ---- */

/* As an attribute, where h5py users look first, or a dataset beside it if they are too many for one. */
static enum status table_write_names(const struct table *t, int side, const char *object, const char *attr,
                                     const char *const *names, int64_t count)
{
    char path[PATH_SIZE];
    struct h5_writer *file = t->writer->file;
    table_write_path_of(t, side, count <= H5_ATTR_TEXTS_MAX ? object : attr, path);
    if (count <= H5_ATTR_TEXTS_MAX) return h5_write_attr_texts(file, path, attr, names, count);
    return h5_write_texts(file, path, names, count);
}

/* NAME, or NAME=CATEGORY for each category; they go into one block of text behind the list. */
static enum status table_write_make_feature_names(const struct table *t, const char ***names)
{
    size_t bytes = 0, used = 0;
    for (int64_t i = 0; i < t->feature_count; i++) {
        const struct table_column *c = &t->columns[t->features[i]];
        size_t length = strlen(c->name) + 2;
        if (c->kind != TABLE_CATEGORY) bytes += length;
        for (int64_t k = 0; c->kind == TABLE_CATEGORY && k < c->dict->count; k++)
            bytes += length + strlen(c->dict->words[k].text);
    }
    if (bytes > NAMES_MAX)
        return status_fail(STATUS_DATA, "%s: the names of its %" PRId64 " features take more than %zu MB",
                           t->path, t->width, NAMES_MAX >> 20);
    TRY(mem_alloc(names, (size_t)t->width * sizeof **names + bytes, 1, "feature names"));
    char *text = (char *)(*names + t->width);
    const char **name = *names;
    for (int64_t i = 0; i < t->feature_count; i++) {
        const struct table_column *c = &t->columns[t->features[i]];
        bool category = c->kind == TABLE_CATEGORY;
        for (int64_t k = 0; k < (category ? c->dict->count : 1); k++) {
            *name++ = text + used;
            used += 1 + (size_t)sprintf(text + used, "%s%s%s", c->name, category ? "=" : "",
                                        category ? c->dict->words[k].text : "");
        }
    }
    assert(used <= bytes && name == *names + t->width);
    return STATUS_OK;
}

static enum status table_write_make_label_names(const struct table *t, const char ***names, int64_t *count)
{
    if (t->y == TABLE_Y_CLASSES) {
        const struct table_dict *classes = t->columns[t->targets[0]].dict;
        *count = classes->codes;
        return table_dict_names(classes, names);
    }
    *count = t->target_count;
    TRY(mem_alloc(names, (size_t)t->target_count, sizeof **names, "label names"));
    for (int64_t i = 0; i < t->target_count; i++) (*names)[i] = t->columns[t->targets[i]].name;
    return STATUS_OK;
}

static enum status table_write_all_names(const struct table *t)
{
    static const char *const attrs[] = {[TABLE_Y_CLASSES] = "class_names",
                                        [TABLE_Y_BITS] = "label_names",
                                        [TABLE_Y_NUMBERS] = "target_names"};
    const char **features = NULL, **labels = NULL;
    int64_t label_count = 0;
    enum status status = table_write_make_feature_names(t, &features);
    if (status == STATUS_OK) status = table_write_make_label_names(t, &labels, &label_count);
    for (int side = 0; status == STATUS_OK && side < 2; side++) {
        if (!t->kept[side]) continue;
        status = table_write_names(t, side, "x", "feature_names", features, t->width);
        if (status == STATUS_OK) status = table_write_names(t, side, "y", attrs[t->y], labels, label_count);
    }
    mem_free(&features);
    mem_free(&labels);
    return status;
}

/* ---- rows ---- */

static enum status table_write_create_side(struct table *t, int side)
{
    struct table_writer *w = t->writer;
    struct side *s = &w->sides[side];
    char path[PATH_SIZE];
    int64_t rows = t->kept[side], dims[2] = {rows, t->width}, y_dims[2] = {rows, t->target_count};
    bool one_column = t->target_count == 1 && t->options->labels != TABLE_LABELS_MULTILABEL;
    TRY(mem_alloc(&s->x, (size_t)w->block * (size_t)t->width, sizeof *s->x, "rows"));
    TRY(mem_alloc(&s->y, (size_t)w->block * (size_t)t->target_count, (size_t)w->y_bytes, "rows"));
    table_write_path_of(t, side, "x", path);
    TRY(h5_rows_create(&s->x_rows, w->file, path, H5_TYPE_F32, 2, dims, 0, 0));
    table_write_path_of(t, side, "y", path);
    return h5_rows_create(&s->y_rows, w->file, path, w->y_type, one_column ? 1 : 2, y_dims, 0, 0);
}

static enum status table_write_check_size(const struct table *t)
{
    int64_t bytes;
    for (int side = 0; side < 2; side++)
        if (__builtin_mul_overflow(t->kept[side], 4 * t->width, &bytes) || bytes > INT64_MAX / 2)
            return status_fail(STATUS_DATA, "%s: %" PRId64 " rows of %" PRId64 " features are too many",
                               t->path, t->kept[side], t->width);
    return STATUS_OK;
}

enum status table_writer_create(struct table *t, struct h5_writer *file)
{
    TRY(table_write_check_size(t));
    TRY(mem_alloc(&t->writer, 1, sizeof *t->writer, "table writer"));
    struct table_writer *w = t->writer;
    int64_t row = 4 * t->width + (int64_t)sizeof(int64_t) * t->target_count;
    w->file = file;
    w->block = row < BLOCK_BYTES ? BLOCK_BYTES / row : 1;
    bool wide = t->y == TABLE_Y_CLASSES && t->columns[t->targets[0]].dict->codes > UINT8_MAX + 1;
    w->y_type = t->y == TABLE_Y_NUMBERS ? H5_TYPE_F32 : wide ? H5_TYPE_I64 : H5_TYPE_U8;
    w->y_bytes = t->y == TABLE_Y_NUMBERS ? 4 : wide ? 8 : 1;
    for (int side = 0; side < 2; side++)
        if (t->kept[side]) TRY(table_write_create_side(t, side));
    return table_write_all_names(t);
}

void table_writer_destroy(struct table *t)
{
    if (!t->writer) return;
    for (int side = 0; side < 2; side++) {
        struct side *s = &t->writer->sides[side];
        h5_rows_close(&s->x_rows);
        h5_rows_close(&s->y_rows);
        mem_free(&s->x);
        mem_free(&s->y);
    }
    mem_free(&t->writer);
}

static enum status table_write_flush(struct side *s)
{
    TRY(h5_rows_write(s->x_rows, s->filled, s->x));
    TRY(h5_rows_write(s->y_rows, s->filled, s->y));
    s->filled = 0;
    return STATUS_OK;
}

static void table_write_put_features(struct table *t, float *x)
{
    memset(x, 0, (size_t)t->width * sizeof *x);
    for (int64_t i = 0; i < t->feature_count; i++) {
        const struct table_column *c = &t->columns[t->features[i]];
        double value = t->values[t->features[i]];
        if (c->kind == TABLE_CATEGORY) {
            x[(int64_t)value] = 1;
            x += c->dict->count;
            continue;
        }
        if (isnan(value)) t->result->filled++;
        *x++ = (float)(isnan(value) ? c->mean : value);
    }
}

static void table_write_put_targets(const struct table *t, void *y)
{
    for (int64_t i = 0; i < t->target_count; i++) {
        double value = t->values[t->targets[i]];
        switch (t->writer->y_type) {
        case H5_TYPE_U8:
            ((uint8_t *)y)[i] = (uint8_t)value;
            break;
        case H5_TYPE_I64:
            ((int64_t *)y)[i] = (int64_t)value;
            break;
        default:
            ((float *)y)[i] = (float)value;
            break;
        }
    }
}

static enum status table_write_changed(const struct table *t)
{
    return status_fail(STATUS_DATA, "%s: changed while it was read; try again", t->path);
}

enum status table_writer_row(struct table *t, bool test)
{
    struct table_writer *w = t->writer;
    struct side *s = &w->sides[test];
    if (s->written == t->kept[test]) return table_write_changed(t);
    table_write_put_features(t, s->x + s->filled * t->width);
    table_write_put_targets(t, s->y + s->filled * t->target_count * w->y_bytes);
    s->written++;
    return ++s->filled == w->block ? table_write_flush(s) : STATUS_OK;
}

enum status table_writer_finish(struct table *t)
{
    for (int side = 0; side < 2; side++) {
        struct side *s = &t->writer->sides[side];
        if (s->written != t->kept[side]) return table_write_changed(t);
        if (s->filled) TRY(table_write_flush(s));
        h5_rows_close(&s->x_rows);
        h5_rows_close(&s->y_rows);
    }
    return STATUS_OK;
}
