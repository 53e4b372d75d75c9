/* h5.c - FILE.h5 or FILE.h5:GROUP, datasets of features, labels and weights as h5py writes them. */
#include "data/config.h"
#include "data/source/ops.h"

#include <inttypes.h>
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
    bool quiet;
    int missing;      /* enum data_missing */
    struct h5 **pool; /* takes the process that reads the file after its end; NULL = it ends, too */
    struct found x;
    struct labels labels;
    const struct layout *layout; /* as the file says; NULL = it has no layout */
    int64_t scratch_rows;
    void *scratch; /* [scratch_rows][positions][C], NULL = channels are first */
    char **class_names;
};

/* The orders of axes, as the attribute `layout` of the features and data.layout call them. */
static const struct layout {
    const char *name;
    int rank;
    bool channels_last;
} layouts[] = {[LAYOUT_AUTO] = {NULL, 0, false},   [LAYOUT_NCL] = {"NCL", 3, false},
               [LAYOUT_NLC] = {"NLC", 3, true},    [LAYOUT_NCHW] = {"NCHW", 4, false},
               [LAYOUT_NHWC] = {"NHWC", 4, true},  [LAYOUT_NCDHW] = {"NCDHW", 5, false},
               [LAYOUT_NDHWC] = {"NDHWC", 5, true}};
#define LAYOUTS (sizeof layouts / sizeof layouts[0])

/* NCHW is the default, and fits everything that has its channels first. */
static enum status h5_source_take_layout(struct h5_source *h, const struct layout *layout,
                                         const struct h5_info *info)
{
    char text[H5_TEXT_SIZE];
    if (layout == &layouts[LAYOUT_NCHW] && info->rank != 4) return STATUS_OK;
    h5_shape_text(info->rank, info->dims, text);
    if (info->rank != layout->rank)
        return status_fail(STATUS_DATA, "%s: has layout %s but shape %s; expected %d dimensions", h->x.where,
                           layout->name, text, layout->rank);
    h->layout = layout;
    return STATUS_OK;
}

static enum status h5_source_find_layout(const char *where, const char *name, const struct layout **layout)
{
    for (size_t i = LAYOUT_NCL; i < LAYOUTS; i++)
        if (strcmp(name, layouts[i].name) == 0) *layout = &layouts[i];
    if (*layout) return STATUS_OK;
    return status_fail(STATUS_DATA,
                       "%s: has layout '%s'; use NCL, NCHW or NCDHW, or with the channels last NLC, NHWC or "
                       "NDHWC",
                       where, name);
}

/* `wanted` is data.layout: it stands for an attribute that the file does not have. */
static enum status h5_source_read_layout(struct h5_source *h, const struct h5_info *info, int wanted)
{
    const char *object = h->x.name;
    const struct layout *stored = NULL, *layout = wanted == LAYOUT_AUTO ? NULL : &layouts[wanted];
    bool has;
    TRY(h5_has_attr(h->file, object, "layout", &has));
    if (has) {
        char *name = NULL;
        TRY(h5_attr_text(h->file, object, "layout", &name));
        enum status status = h5_source_find_layout(h->x.where, name, &stored);
        mem_free(&name);
        TRY(status);
    }
    if (stored && layout && stored != layout)
        return status_fail(STATUS_DATA, "%s: has layout %s, but data.layout is %s", h->x.where, stored->name,
                           layout->name);
    if (stored) layout = stored;
    return layout ? h5_source_take_layout(h, layout, info) : STATUS_OK;
}

/* Shape of a sample of (N, dims...). */
static struct shape h5_source_shape_of_stored(const struct h5_source *h, const struct h5_info *info)
{
    const int64_t *d = info->dims + 1;
    int axes = info->rank - 2; /* behind the first of the sample */
    if (h->layout && h->layout->channels_last) return shape_of(d[axes], axes, d);
    if (axes == 0) return shape_flat(d[0]);
    if (axes == 1 && !h->layout) return shape_2d(1, d[0], d[1]);
    return shape_of(d[0], axes, d + 1);
}

/* Warns of a shape that could be meant otherwise. */
static void h5_source_warn_of_guess(const struct h5_source *h, const struct h5_info *info)
{
    const int64_t *d = info->dims;
    int last = info->rank - 1;
    char text[H5_TEXT_SIZE];
    if (h->quiet || h->layout || info->rank < 4 || d[1] <= 4 || (d[last] != 1 && d[last] != 3)) return;
    h5_shape_text(info->rank, d, text);
    log_warn("%s: shape %s is taken as %s; if the channels are last, set data.layout: %s", h->x.where, text,
             last == 3 ? "(N,C,H,W)" : "(N,C,D,H,W)", last == 3 ? "NHWC" : "NDHWC");
}

/* Packed bytes, and those that may be missing, are read as floats. */
static bool h5_source_keeps_bytes(const struct h5_source *h)
{
    const struct h5_packing *p = h5_data_packing(h->x.data);
    return h5_is_plain(p) || (!p->is_packed && !p->other_sign && h->missing == MISSING_ERROR);
}

static enum status h5_source_describe_features(struct source *s, struct h5_source *h,
                                               const struct source_options *options)
{
    const struct h5_info *info = &h->x.info;
    char text[H5_TEXT_SIZE];
    h5_shape_text(info->rank, info->dims, text);
    if (info->kind != H5_KIND_INT && info->kind != H5_KIND_REAL)
        return status_fail(STATUS_DATA, "%s: holds no numbers; store uint8 or float32", h->x.where);
    if (info->rank < 2 || info->rank > 2 + SHAPE_AXES)
        return status_fail(STATUS_DATA,
                           "%s: has shape %s; expected (N,F), (N,C,L), (N,H,W), (N,C,H,W) or (N,C,D,H,W)",
                           h->x.where, text);
    TRY(h5_source_read_layout(h, info, options->layout));
    if (info->elements == 0)
        return status_fail(STATUS_DATA, "%s: has shape %s, which holds no sample", h->x.where, text);
    s->info.samples = info->dims[0];
    s->info.chunk = info->is_chunked ? info->chunk[0] : 0;
    bool bytes = info->kind == H5_KIND_INT && info->bytes == 1 && !info->is_signed && !options->wide;
    s->info.type = bytes && h5_source_keeps_bytes(h) ? FEATURE_U8 : FEATURE_F32;
    s->info.shape = h5_source_shape_of_stored(h, info);
    h5_source_warn_of_guess(h, info);
    return STATUS_OK;
}

/* Names stand beside the labels, on their group or on the file, as attribute or as dataset. */
static enum status h5_source_find_names(struct h5_source *h, const char *group, const char *what,
                                        int64_t *count)
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
        TRY(h5_find(h->file, dataset, &found));
        if (found == H5_OBJECT_DATASET) TRY(h5_read_texts(h->file, dataset, &h->class_names, count));
    }
    return STATUS_OK;
}

/* What can be class indices has names of classes; other labels may have names of their columns. */
static enum status h5_source_read_class_names(struct source *s, struct h5_source *h, const char *group)
{
    static const char *const kinds[] = {"class_names", "label_names", "target_names"};
    bool classes = s->info.label_integers && (s->info.label_width <= 1 || s->info.label_rank > 1);
    int usable = classes ? 1 : 3;
    int64_t count = 0;
    TRY(h5_source_find_names(h, group, kinds[0], &count));
    if (h->class_names && count == 1 && strchr(h->class_names[0], ',')) { /* one text, "cat,dog" */
        char **split;
        TRY(names_split(h->class_names[0], &split, &count));
        mem_free(&h->class_names);
        h->class_names = split;
    }
    for (int i = 1; i < usable && !h->class_names; i++) TRY(h5_source_find_names(h, group, kinds[i], &count));
    if (!h->class_names) return STATUS_OK;
    for (int64_t k = 0; k < count; k++) utf8_mask_controls(h->class_names[k]);
    TRY(names_make_unique(&h->class_names, count, h->quiet ? NULL : h->path));
    s->info.class_count = count;
    s->info.class_names = (const char *const *)h->class_names;
    return STATUS_OK;
}

/* The features of other samples are labels like any others. */
static enum status h5_source_take_features_as_labels(struct source *s, struct h5_source *h)
{
    struct found *y = &h->labels.y;
    s->info.labels_are_features = false;
    if (y->data) return STATUS_OK;
    *y = h->x;
    y->data = NULL;
    TRY(h5_data_open(&y->data, h->file, y->name));
    y->info = *h5_data_info(y->data);
    return STATUS_OK;
}

/* The labels are the features where data.y names these. */
static enum status h5_source_find_labels(struct source *s, struct h5_source *h, const char *group,
                                         const struct source_options *names)
{
    bool may_be = names->y && strcmp(names->y, SOURCE_FEATURES) == 0;
    if (names->no_labels) return STATUS_OK;
    TRY(find_labels(h->file, h->path, group, names->y, names->labels_optional || may_be, &h->labels.y));
    s->info.labels_are_features = h->labels.y.data ? strcmp(h->labels.y.name, h->x.name) == 0 : may_be;
    if (s->info.labels_are_features && names->shift != 0) return h5_source_take_features_as_labels(s, h);
    if (s->info.labels_are_features) h5_data_close(&h->labels.y.data);
    return STATUS_OK;
}

/* The layout of labels with channels and positions: their own attribute, or else that of the features. */
static enum status h5_source_read_label_layout(struct source *s, struct h5_source *h)
{
    const struct layout *layout = h->layout;
    bool has = false;
    if (!h->labels.y.data) return STATUS_OK;
    TRY(h5_has_attr(h->file, h->labels.y.name, "layout", &has));
    if (has) {
        char *name = NULL;
        TRY(h5_attr_text(h->file, h->labels.y.name, "layout", &name));
        layout = NULL;
        enum status status = h5_source_find_layout(h->labels.y.where, name, &layout);
        mem_free(&name);
        TRY(status);
    }
    s->info.labels_last = layout && layout->channels_last && layout->rank == s->info.label_rank + 1;
    return STATUS_OK;
}

static enum status h5_source_make_scratch(struct source *s, struct h5_source *h)
{
    if (!h->layout || !h->layout->channels_last) return STATUS_OK;
    int64_t row = shape_features(s->info.shape) * feature_bytes(s->info.type);
    h->scratch_rows = row < SCRATCH_BYTES ? SCRATCH_BYTES / row : 1;
    return mem_alloc(&h->scratch, (size_t)h->scratch_rows, (size_t)row, "channel reordering");
}

static enum status h5_source_open(struct source *s, const char *locator, const struct source_options *names)
{
    struct h5_source *h = NULL;
    const char *group;
    TRY(mem_alloc(&s->self, 1, sizeof *h, "HDF5 source"));
    h = s->self;
    const char *path = h->path;
    TRY(find_split(locator, h->path, &group));
    TRY(filestate_take(&h->state, path));
    h->quiet = names->quiet;
    h->missing = names->missing;
    h->pool = names->pool;
    if (h->pool) h->file = *h->pool, *h->pool = NULL;
    TRY(h5_reopen(&h->file, path, names->allow_external));
    enum h5_object what = H5_OBJECT_GROUP;
    if (group[0]) TRY(h5_find(h->file, group, &what));
    if (what != H5_OBJECT_GROUP)
        return status_fail(STATUS_DATA, "%s: no group '%s'; see: ddp_train inspect %s", path, group, path);
    TRY(find_features(h->file, path, group, names->x, &h->x));
    if (names->samples == SAMPLES_FILES) find_take_whole(&h->x, false);
    TRY(h5_source_find_labels(s, h, group, names));
    TRY(h5_source_describe_features(s, h, names));
    TRY(labels_open(&h->labels, h->file, path, group, names, &s->info));
    TRY(h5_source_read_label_layout(s, h));
    if (!names->no_class_names) TRY(h5_source_read_class_names(s, h, group));
    return h5_source_make_scratch(s, h);
}

/* [count][positions][C] to [count][C][positions] */
static void h5_source_channels_first(struct shape shape, enum feature_type type, int64_t count,
                                     const void *from, void *to)
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

static enum status h5_source_read_features(struct source *s, struct h5_source *h, struct range part,
                                           void *out)
{
    enum feature_type type = s->info.type;
    enum h5_type stored = type == FEATURE_U8 ? H5_TYPE_U8 : H5_TYPE_F32;
    if (!h->scratch) return find_read(&h->x, part, stored, out);
    int64_t row = shape_features(s->info.shape) * feature_bytes(type);
    for (int64_t at = 0, n; at < part.count; at += n) {
        n = part.count - at < h->scratch_rows ? part.count - at : h->scratch_rows;
        TRY(find_read(&h->x, range_part(part, at, n), stored, h->scratch));
        h5_source_channels_first(s->info.shape, type, n, h->scratch, (char *)out + at * row);
    }
    return STATUS_OK;
}

static enum status h5_source_read(struct source *s, struct range part, const struct source_rows *rows)
{
    static const char remedy[] = "set data.missing to mean, zero or drop_sample";
    struct h5_source *h = s->self;
    if (rows->features) TRY(h5_source_read_features(s, h, part, rows->features));
    int64_t width = shape_features(s->info.shape);
    if (rows->features && s->info.type == FEATURE_F32)
        TRY(finite_check(&h->x, part, width, rows->features, "feature", h->missing != MISSING_ERROR, remedy));
    if (rows->features && s->info.type == FEATURE_U8)
        TRY(finite_check_bytes(&h->x, part, width, rows->features, remedy));
    return labels_read(&h->labels, part, rows);
}

static enum status h5_source_read_attribute(struct source *s, const char *name, int64_t count, double *values,
                                            int64_t *found)
{
    struct h5_source *h = s->self;
    bool has;
    TRY(h5_has_attr(h->file, h->x.name, name, &has));
    if (!has)
        return status_fail(STATUS_DATA, "%s: has no attribute '%s'; see: ddp_train inspect %s", h->x.where,
                           name, h->path);
    *found = 1;
    if (h5_attr_doubles(h->file, h->x.name, name, 1, values) == STATUS_OK) return STATUS_OK;
    *found = count;
    enum status status = h5_attr_doubles(h->file, h->x.name, name, count, values);
    if (status == STATUS_OK) return STATUS_OK;
    return status_at(status, "%s: attribute '%s' should hold one number, or %lld", h->x.where, name,
                     (long long)count);
}

static enum status h5_source_check(const struct source *s)
{
    const struct h5_source *h = s->self;
    TRY(filestate_check(&h->state, h->path));
    return h5_check(h->file);
}

static void h5_source_close(struct source *s)
{
    struct h5_source *h = s->self;
    if (!h) return;
    h5_data_close(&h->x.data);
    labels_close(&h->labels);
    if (h->pool && !*h->pool) *h->pool = h->file, h->file = NULL;
    h5_close(&h->file);
    mem_free(&h->scratch);
    mem_free(&h->class_names);
    mem_free(&s->self);
}

const struct source_ops source_h5 = {
    .prefix = "",
    .open = h5_source_open,
    .read = h5_source_read,
    .read_attribute = h5_source_read_attribute,
    .check = h5_source_check,
    .close = h5_source_close,
};
