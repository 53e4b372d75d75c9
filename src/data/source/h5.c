/* FILE.h5 or FILE.h5:GROUP - a features, labels and weights dataset of an HDF5 file, as h5py writes them. */
#include "data/source/ops.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "data/source/finite.h"
#include "data/source/labels.h"
#include "data/source/names.h"
#include "core/system/filestate.h"
#include "io/h5/h5.h"
#include "core/log.h"
#include "core/mem.h"
#include "core/utf8.h"

#define SCRATCH_BYTES (1 << 20)

struct h5_source {
    char path[FIND_NAME_SIZE];
    struct filestate state; /* before it was opened */
    struct h5 *file;
    struct found x;
    struct labels labels;
    bool channels_last; /* as stored; read as channels first */
    int64_t scratch_rows;
    void *scratch; /* [scratch_rows][H][W][C] */
    char **class_names;
};

static enum status read_layout(struct h5_source *h)
{
    const char *object = h->x.name;
    bool has;
    TRY(h5_has_attr(h->file, object, "layout", &has));
    if (!has) return STATUS_OK;
    char *layout = NULL;
    TRY(h5_attr_text(h->file, object, "layout", &layout));
    enum status status = STATUS_OK;
    h->channels_last = strcmp(layout, "NHWC") == 0;
    if (!h->channels_last && strcmp(layout, "NCHW") != 0)
        status = status_fail(STATUS_DATA, "%s: layout is '%s'; use NCHW or NHWC", h->x.where, layout);
    mem_free(&layout);
    return status;
}

static enum status describe_features(struct source *s, struct h5_source *h)
{
    const struct h5_info *info = h5_data_info(h->x.data);
    const int64_t *d = info->dims;
    char text[H5_TEXT_SIZE];
    h5_shape_text(info->rank, d, text);
    if (info->kind != H5_KIND_INT && info->kind != H5_KIND_REAL)
        return status_fail(STATUS_DATA, "%s: holds no numbers; store uint8 or float32", h->x.where);
    if (info->rank < 2 || info->rank > 4)
        return status_fail(STATUS_DATA, "%s: has shape %s; expected (N,F), (N,H,W) or (N,C,H,W)", h->x.where,
                           text);
    if (h->channels_last && info->rank != 4)
        return status_fail(STATUS_DATA, "%s: has layout NHWC but shape %s; expected (N,H,W,C)", h->x.where,
                           text);
    if (info->elements == 0)
        return status_fail(STATUS_DATA, "%s: has shape %s, which holds no sample", h->x.where, text);
    s->info.samples = d[0];
    s->info.type =
        info->kind == H5_KIND_INT && info->bytes == 1 && !info->is_signed ? FEATURE_U8 : FEATURE_F32;
    if (info->rank == 2)
        s->info.shape = shape_flat(d[1]);
    else if (info->rank == 3)
        s->info.shape = shape_2d(1, d[1], d[2]);
    else if (h->channels_last)
        s->info.shape = shape_2d(d[3], d[1], d[2]);
    else
        s->info.shape = shape_2d(d[1], d[2], d[3]);
    if (info->rank == 4 && !h->channels_last && d[1] > 4 && (d[3] == 1 || d[3] == 3))
        log_warn(
            "%s: shape %s is taken as (N,C,H,W); if it is (N,H,W,C), give it the attribute layout = \"NHWC\"",
            h->x.where, text);
    return STATUS_OK;
}

/* Names stand beside the labels, on their group or on the file, as attribute or as dataset. */
static enum status find_names(struct h5_source *h, const char *group, const char *what, int64_t *count)
{
    const char *const objects[] = {h->labels.y.data ? h->labels.y.name : "/", group[0] ? group : "/", "/"};
    char dataset[FIND_NAME_SIZE];
    for (int i = 0; i < 3 && !h->class_names; i++) {
        bool has;
        TRY(h5_has_attr(h->file, objects[i], what, &has));
        if (has) TRY(h5_attr_texts(h->file, objects[i], what, &h->class_names, count));
    }
    for (int i = 1; i < 3 && !h->class_names; i++) {
        snprintf(dataset, sizeof dataset, "%s/%s", i == 1 ? group : "", what);
        enum h5_object found;
        TRY(h5_what(h->file, dataset, &found));
        if (found == H5_OBJECT_DATASET) TRY(h5_read_texts(h->file, dataset, &h->class_names, count));
    }
    return STATUS_OK;
}

/* What can be class indices has names of classes; other labels may have names of their columns. */
static enum status read_class_names(struct source *s, struct h5_source *h, const char *group)
{
    static const char *const kinds[] = {"class_names", "label_names", "target_names"};
    int usable = s->info.label_integers && s->info.label_width <= 1 ? 1 : 3;
    int64_t count = 0;
    TRY(find_names(h, group, kinds[0], &count));
    if (h->class_names && count == 1 && strchr(h->class_names[0], ',')) { /* one text, "cat,dog" */
        char **split;
        TRY(names_split(h->class_names[0], &split, &count));
        mem_free(&h->class_names);
        h->class_names = split;
    }
    for (int i = 1; i < usable && !h->class_names; i++) TRY(find_names(h, group, kinds[i], &count));
    if (!h->class_names) return STATUS_OK;
    for (int64_t k = 0; k < count; k++) utf8_defuse(h->class_names[k]);
    s->info.class_count = count;
    s->info.class_names = (const char *const *)h->class_names;
    return STATUS_OK;
}

static enum status make_scratch(struct source *s, struct h5_source *h)
{
    if (!h->channels_last) return STATUS_OK;
    int64_t row = shape_features(s->info.shape) * feature_bytes(s->info.type);
    h->scratch_rows = row < SCRATCH_BYTES ? SCRATCH_BYTES / row : 1;
    return mem_alloc(&h->scratch, (size_t)h->scratch_rows, (size_t)row, "channel reordering");
}

static enum status open_h5(struct source *s, const char *locator, const struct source_options *names)
{
    struct h5_source *h = NULL;
    const char *group;
    TRY(mem_alloc(&s->self, 1, sizeof *h, "HDF5 source"));
    h = s->self;
    const char *path = h->path;
    TRY(find_split(locator, h->path, &group));
    TRY(filestate_take(&h->state, path));
    TRY(h5_open(&h->file, path, names->allow_external));
    enum h5_object what = H5_OBJECT_GROUP;
    if (group[0]) TRY(h5_what(h->file, group, &what));
    if (what != H5_OBJECT_GROUP)
        return status_fail(STATUS_DATA, "%s: no group '%s'; see: ddp_train inspect %s", path, group, path);
    TRY(find_features(h->file, path, group, names->x, &h->x));
    TRY(find_labels(h->file, path, group, names->y, names->labels_optional, &h->labels.y));
    TRY(read_layout(h));
    TRY(describe_features(s, h));
    TRY(labels_open(&h->labels, h->file, path, group, names, &s->info));
    TRY(read_class_names(s, h, group));
    return make_scratch(s, h);
}

/* [count][H][W][C] to [count][C][H][W] */
static void channels_first(struct shape shape, enum feature_type type, int64_t count, const void *from,
                           void *to)
{
    int64_t plane = shape_positions(shape);
    for (int64_t n = 0; n < count; n++)
        for (int64_t c = 0; c < shape.c; c++)
            for (int64_t i = 0; i < plane; i++) {
                int64_t target = (n * shape.c + c) * plane + i, origin = (n * plane + i) * shape.c + c;
                if (type == FEATURE_U8)
                    ((uint8_t *)to)[target] = ((const uint8_t *)from)[origin];
                else
                    ((float *)to)[target] = ((const float *)from)[origin];
            }
}

static enum status read_features(struct source *s, struct h5_source *h, struct slice part, void *out)
{
    enum feature_type type = s->info.type;
    enum h5_type stored = type == FEATURE_U8 ? H5_TYPE_U8 : H5_TYPE_F32;
    if (!h->channels_last)
        return h5_data_read_every(h->x.data, part.first, part.step, part.count, stored, out);
    int64_t row = shape_features(s->info.shape) * feature_bytes(type);
    for (int64_t at = 0, n; at < part.count; at += n) {
        n = part.count - at < h->scratch_rows ? part.count - at : h->scratch_rows;
        TRY(h5_data_read_every(h->x.data, slice_at(part, at), part.step, n, stored, h->scratch));
        channels_first(s->info.shape, type, n, h->scratch, (char *)out + at * row);
    }
    return STATUS_OK;
}

static enum status read_h5(struct source *s, struct slice part, const struct source_rows *rows)
{
    struct h5_source *h = s->self;
    if (rows->features) TRY(read_features(s, h, part, rows->features));
    if (rows->features && s->info.type == FEATURE_F32)
        TRY(finite_check(h->x.where, part, shape_features(s->info.shape), rows->features, "feature"));
    return labels_read(&h->labels, part, rows);
}

static enum status check_h5(const struct source *s)
{
    const struct h5_source *h = s->self;
    return filestate_check(&h->state, h->path);
}

static void close_h5(struct source *s)
{
    struct h5_source *h = s->self;
    if (!h) return;
    h5_data_close(&h->x.data);
    labels_close(&h->labels);
    h5_close(&h->file);
    mem_free(&h->scratch);
    mem_free(&h->class_names);
    mem_free(&s->self);
}

const struct source_ops source_h5 = {
    .prefix = "",
    .open = open_h5,
    .read = read_h5,
    .check = check_h5,
    .close = close_h5,
};
