/* h5.c - FILE.h5 or FILE.h5:GROUP, datasets of features, labels and weights as h5py writes them. */
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "core/system/filestate.h"
#include "data/config.h"
#include "data/source/h5/features.h"
#include "data/source/h5/labels.h"
#include "data/source/names.h"
#include "data/source/ops.h"
#include "io/h5/h5.h"

struct h5_source {
    char path[FIND_NAME_SIZE];
    struct filestate state; /* before it was opened */
    struct h5 *file;
    struct h5 **pool; /* takes the process that reads the file after its end; NULL = it ends, too */
    struct features features;
    struct labels labels;
    char **class_names;
};

/* The features of other samples are labels like any others. */
static enum status h5_source_take_features_as_labels(struct source *s, struct h5_source *h)
{
    struct found *y = &h->labels.y;
    s->info.labels_are_features = false;
    if (y->data) return STATUS_OK;
    *y = h->features.x;
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
    s->info.labels_are_features =
        h->labels.y.data ? strcmp(h->labels.y.name, h->features.x.name) == 0 : may_be;
    if (s->info.labels_are_features && names->shift != 0) return h5_source_take_features_as_labels(s, h);
    if (s->info.labels_are_features) h5_data_close(&h->labels.y.data);
    return STATUS_OK;
}

/* The layout of labels with channels and positions: their own attribute, or else that of the features. */
static enum status h5_source_read_label_layout(struct source *s, struct h5_source *h)
{
    const struct layout *layout = h->features.layout;
    if (!h->labels.y.data) return STATUS_OK;
    TRY(features_find_layout(h->file, &h->labels.y, &layout));
    s->info.labels_last = layout && layout->channels_last && layout->rank == s->info.label_rank + 1;
    return STATUS_OK;
}

/* What can be class indices has names of classes. */
static enum status h5_source_read_class_names(struct source *s, struct h5_source *h, const char *group,
                                              bool quiet)
{
    const struct names_place place = {.labels = h->labels.y.data ? h->labels.y.name : "/",
                                      .group = group,
                                      .path = quiet ? NULL : h->path,
                                      .are_classes = s->info.label_integers &&
                                                     (s->info.label_width <= 1 || s->info.label_rank > 1)};
    TRY(names_find(h->file, &place, &h->class_names, &s->info.class_count));
    s->info.class_names = (const char *const *)h->class_names;
    return STATUS_OK;
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
    h->pool = names->pool;
    if (h->pool) h->file = *h->pool, *h->pool = NULL;
    TRY(h5_reopen(&h->file, path, names->allow_external));
    enum h5_object what = H5_OBJECT_GROUP;
    if (group[0]) TRY(h5_find(h->file, group, &what));
    if (what != H5_OBJECT_GROUP)
        return status_fail(STATUS_DATA, "%s: no group '%s'; see: ddp_train inspect %s", path, group, path);
    TRY(find_features(h->file, path, group, names->x, &h->features.x));
    if (names->samples == SAMPLES_FILES) find_take_whole(&h->features.x, false);
    TRY(h5_source_find_labels(s, h, group, names));
    TRY(features_open(&h->features, h->file, names, &s->info));
    TRY(labels_open(&h->labels, h->file, path, group, names, &s->info));
    TRY(h5_source_read_label_layout(s, h));
    return names->no_class_names ? STATUS_OK : h5_source_read_class_names(s, h, group, names->quiet);
}

static enum status h5_source_read(struct source *s, struct range part, const struct source_rows *rows)
{
    struct h5_source *h = s->self;
    if (rows->features) TRY(features_read(&h->features, &s->info, part, rows->features));
    return labels_read(&h->labels, part, rows);
}

static enum status h5_source_read_attribute(struct source *s, const char *name, int64_t count, double *values,
                                            int64_t *found)
{
    const struct h5_source *h = s->self;
    return features_read_attribute(&h->features, h->file, name, count, values, found);
}

static enum status h5_source_check(const struct source *s)
{
    const struct h5_source *h = s->self;
    TRY(filestate_check(&h->state, h->path));
    return h5_check(h->file);
}

static enum status h5_source_name(struct source *s, int64_t number, char name[SOURCE_NAME_SIZE])
{
    (void)number;
    snprintf(name, SOURCE_NAME_SIZE, "%s", ((const struct h5_source *)s->self)->path);
    return STATUS_OK;
}

static void h5_source_close(struct source *s)
{
    struct h5_source *h = s->self;
    if (!h) return;
    features_close(&h->features);
    labels_close(&h->labels);
    if (h->pool && !*h->pool) *h->pool = h->file, h->file = NULL;
    h5_close(&h->file);
    mem_free(&h->class_names);
    mem_free(&s->self);
}

const struct source_ops source_h5 = {
    .prefix = "",
    .open = h5_source_open,
    .read = h5_source_read,
    .read_attribute = h5_source_read_attribute,
    .check = h5_source_check,
    .name = h5_source_name,
    .close = h5_source_close,
};
