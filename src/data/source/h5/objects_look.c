/* objects_look.c - finds out what the objects of a group are. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "comm/activity.h"
#include "core/system/stop.h"
#include "data/config.h"
#include "data/source/h5/objects.h"

#define STOP_OBJECTS 256 /* between signs of life for the watchdog and questions whether to stop */

enum status objects_path(const struct objects *o, int64_t object, const char *inside,
                         char path[FIND_NAME_SIZE])
{
    int length = snprintf(path, FIND_NAME_SIZE, "%s%s%s%s%s", o->group, o->group[0] ? "/" : "",
                          o->names[object], *inside ? "/" : "", inside);
    if (length < FIND_NAME_SIZE) return STATUS_OK;
    return status_fail(STATUS_DATA, "%s: the name '%.40s...' is longer than %d bytes", o->path,
                       o->names[object], FIND_NAME_SIZE - 1);
}

enum status objects_name_features(struct objects *o, int64_t object)
{
    struct found *x = &o->features.x;
    TRY(objects_path(o, object, o->inside, x->name));
    snprintf(x->where, sizeof x->where, "%s: %s", o->path, x->name);
    return STATUS_OK;
}

enum status objects_open_features(struct objects *o, int64_t object)
{
    struct found *x = &o->features.x;
    const char *const names[] = {x->name};
    struct h5_first first;
    TRY(objects_name_features(o, object));
    TRY(h5_data_open_first(&x->data, o->file, names, 1, "layout", &first));
    if (!x->data)
        return status_fail(STATUS_DATA, "%s: is no data set; all samples have to be alike, as %s is",
                           x->where, o->names[0]);
    x->info = *h5_data_info(x->data);
    x->has_layout = first.has_attr;
    return STATUS_OK;
}

enum status objects_check_shape(const struct objects *o, const struct h5_info *info)
{
    const struct h5_info *first = &o->stored;
    char mine[H5_TEXT_SIZE], its[H5_TEXT_SIZE];
    TRY(find_check_numbers(o->features.x.where, info));
    if (info->rank == first->rank &&
        memcmp(info->dims, first->dims, (size_t)info->rank * sizeof info->dims[0]) == 0)
        return STATUS_OK;
    h5_shape_text(info->rank, info->dims, mine);
    h5_shape_text(first->rank, first->dims, its);
    return status_fail(
        STATUS_DATA, "%s: has shape %s, but %s has %s; all samples have one shape, so leave one of them out",
        o->features.x.where, mine, o->names[0], its);
}

/* ---- the first object ---- */

/* A data set called class_names is no sample. */
static enum status objects_list(struct objects *o)
{
    int64_t kept = 0;
    TRY(h5_children(o->file, o->group[0] ? o->group : "/", &o->names, &o->count));
    for (int64_t i = 0; i < o->count; i++)
        if (strcmp(o->names[i], "class_names") != 0) o->names[kept++] = o->names[i];
    o->count = kept;
    if (kept) return STATUS_OK;
    return status_fail(STATUS_DATA, "%s: %s%s holds no object; data.samples is objects", o->path,
                       o->group[0] ? "group " : "the root", o->group);
}

/* Whether the objects are groups, and what their features are called. */
static enum status objects_find_inside(struct objects *o, const char *wanted)
{
    const char *const one[] = {wanted, NULL}, *const *names = wanted ? one : find_feature_names;
    char path[FIND_NAME_SIZE];
    enum h5_object what;
    TRY(objects_path(o, 0, "", path));
    TRY(h5_find(o->file, path, &what));
    o->are_groups = what == H5_OBJECT_GROUP;
    if (!o->are_groups) return STATUS_OK;
    for (; *names; names++) {
        TRY(objects_path(o, 0, *names, path));
        TRY(h5_find(o->file, path, &what));
        if (what != H5_OBJECT_DATASET) continue;
        snprintf(o->inside, sizeof o->inside, "%s", *names);
        return STATUS_OK;
    }
    return status_fail(
        STATUS_DATA,
        "%s: %s: is a group without features%s%s%s; set data.x to the name that they have in the "
        "group of every sample, or use FILE:GROUP if other objects are the samples",
        o->path, o->names[0], wanted ? " '" : "", wanted ? wanted : "", wanted ? "'" : "");
}

static enum status objects_describe_data(struct objects *o, const char *path, struct objects_numbers *out)
{
    struct h5_data *data;
    TRY(h5_data_open(&data, o->file, path));
    out->info = *h5_data_info(data);
    out->is_packed = h5_data_packing(data)->is_packed;
    h5_data_close(&data);
    return STATUS_OK;
}

/* Finds the first of `names` in an object: a data set in its group, or an attribute. */
static enum status objects_find_numbers(struct objects *o, int64_t object, const char *const *names,
                                        struct objects_numbers *out)
{
    char path[FIND_NAME_SIZE];
    for (out->found = false; *names && !out->found; names++) {
        enum h5_object what = H5_OBJECT_NONE;
        if (snprintf(out->name, sizeof out->name, "%s", *names) >= FIND_NAME_SIZE) continue;
        TRY(objects_path(o, object, *names, path));
        if (o->are_groups) TRY(h5_find(o->file, path, &what));
        out->is_attribute = what != H5_OBJECT_DATASET;
        out->found = !out->is_attribute;
        out->is_packed = false;
        if (!out->is_attribute) {
            TRY(objects_describe_data(o, path, out));
            continue;
        }
        TRY(objects_path(o, object, "", path));
        TRY(h5_describe_attr(o->file, path, *names, &out->found, &out->info));
    }
    return STATUS_OK;
}

static enum status objects_fail_missing(const struct objects *o, int64_t object, const char *what,
                                        const char *wanted, const char *key)
{
    return status_fail(
        STATUS_DATA, "%s: %s: has no %s%s%s%s; set %s to the name of %s of every sample, or use data.index",
        o->path, o->names[object], what, wanted ? " '" : "", wanted ? wanted : "", wanted ? "'" : "", key,
        o->are_groups ? "a data set in the group or an attribute" : "an attribute");
}

static void objects_place(const struct objects *o, const struct objects_numbers *from, struct found *to)
{
    to->info = from->info;
    snprintf(to->name, sizeof to->name, "%s", from->name);
    snprintf(to->where, sizeof to->where, "%s: %s%.500s", o->path, from->is_attribute ? "attribute " : "",
             from->name);
    find_take_whole(to, true);
}

static enum status objects_describe_labels(struct objects *o, const struct source_options *options,
                                           struct source_info *info)
{
    const char *const one[] = {options->y, NULL};
    bool are_features = options->y && strcmp(options->y, SOURCE_FEATURES) == 0;
    if (options->no_labels) return STATUS_OK;
    TRY(objects_find_numbers(o, 0, options->y ? one : find_label_names, &o->y));
    info->labels_are_features =
        o->y.found ? !o->y.is_attribute && strcmp(o->y.name, o->inside) == 0 : are_features;
    if (info->labels_are_features) o->y.found = false;
    if (!o->y.found)
        return info->labels_are_features || options->labels_optional
                   ? STATUS_OK
                   : objects_fail_missing(o, 0, "labels", options->y, "data.y");
    objects_place(o, &o->y, &o->labels.y);
    TRY(labels_describe(&o->labels, info));
    info->label_integers = info->label_integers && !o->y.is_packed;
    return STATUS_OK;
}

static enum status objects_describe_weights(struct objects *o, const struct source_options *options,
                                            struct source_info *info)
{
    const char *const one[] = {options->weights, NULL};
    if (!options->weights) return STATUS_OK;
    TRY(objects_find_numbers(o, 0, one, &o->weights));
    if (!o->weights.found)
        return options->weights_optional
                   ? STATUS_OK
                   : objects_fail_missing(o, 0, "weights", options->weights, "data.weights");
    objects_place(o, &o->weights, &o->labels.weights);
    return labels_describe_weights(&o->labels, info);
}

static enum status objects_describe_first(struct objects *o, const struct source_options *options,
                                          struct source_info *info)
{
    struct found *x = &o->features.x;
    TRY(objects_open_features(o, 0));
    o->stored = x->info;
    TRY(features_find_layout(o->file, x, &o->layout));
    find_take_whole(x, false);
    TRY(features_open(&o->features, o->file, options, info));
    h5_data_close(&x->data);
    info->chunk = 0;
    TRY(objects_describe_labels(o, options, info));
    return objects_describe_weights(o, options, info);
}

/* ---- all others ---- */

static enum status objects_check_open(struct objects *o, const struct source_options *options,
                                      struct source_info *info)
{
    struct found *x = &o->features.x;
    const struct layout *layout = NULL;
    TRY(objects_check_shape(o, &x->info));
    TRY(features_find_layout(o->file, x, &layout));
    if (layout != o->layout)
        return status_fail(STATUS_DATA, "%s: has another layout than %s; store all samples alike", x->where,
                           o->names[0]);
    if (features_type(x, options) != info->type) info->type = FEATURE_F32;
    return STATUS_OK;
}

static enum status objects_check_features(struct objects *o, int64_t object,
                                          const struct source_options *options, struct source_info *info)
{
    struct found *x = &o->features.x;
    TRY(objects_open_features(o, object));
    enum status status = objects_check_open(o, options, info);
    h5_data_close(&x->data);
    return status;
}

/* Compares labels or weights with those of the first object. */
static enum status objects_check_numbers(struct objects *o, int64_t object,
                                         const struct objects_numbers *first, const char *what,
                                         bool *integers)
{
    const char *const one[] = {first->name, NULL};
    struct objects_numbers mine;
    struct found place;
    if (!first->found) return STATUS_OK;
    TRY(objects_find_numbers(o, object, one, &mine));
    if (!mine.found)
        return status_fail(STATUS_DATA, "%s: %s: has no %s '%s', but %s has; store all samples alike",
                           o->path, o->names[object], what, first->name, o->names[0]);
    snprintf(place.where, sizeof place.where, "%s: %.600s: %.300s", o->path, o->names[object], first->name);
    TRY(find_check_numbers(place.where, &mine.info));
    if (mine.info.elements != first->info.elements)
        return status_fail(STATUS_DATA, "%s: holds %" PRId64 " numbers, but that of %s %" PRId64, place.where,
                           mine.info.elements, o->names[0], first->info.elements);
    *integers = *integers && mine.info.kind == H5_KIND_INT && !mine.is_packed;
    return STATUS_OK;
}

static enum status objects_check_others(struct objects *o, const struct source_options *options,
                                        struct source_info *info)
{
    bool whole = true;
    for (int64_t i = 1; i < o->count; i++) {
        h5_give_time(o->file);
        TRY(objects_check_features(o, i, options, info));
        TRY(objects_check_numbers(o, i, &o->y, "labels", &info->label_integers));
        TRY(objects_check_numbers(o, i, &o->weights, "weights", &whole));
        if (i % STOP_OBJECTS != 0) continue;
        activity_set_phase(ACTIVITY_LOADING);
        TRY(stop_asked());
    }
    return STATUS_OK;
}

enum status objects_look(struct objects *o, const struct source_options *options, struct source_info *info)
{
    labels_set_missing(&o->labels, options);
    TRY(objects_list(o));
    TRY(objects_find_inside(o, options->x));
    TRY(objects_describe_first(o, options, info));
    if (options->noted) {
        info->type = options->noted->type;
        info->label_integers = options->noted->label_integers;
    } else {
        TRY(objects_check_others(o, options, info));
    }
    info->samples = o->count;
    return STATUS_OK;
}
