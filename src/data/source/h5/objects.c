/* objects.c - FILE.h5 or FILE.h5:GROUP with data.samples: objects, a sample for each object of the group. */
#include "data/source/h5/objects.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "data/config.h"
#include "data/source/names.h"
#include "data/source/ops.h"

static bool objects_take(const char *locator, const struct source_options *options)
{
    (void)locator;
    return options->samples == SAMPLES_OBJECTS;
}

static enum status objects_read_class_names(struct objects *o, const struct source_options *options,
                                            struct source_info *info)
{
    const struct names_place place = {.labels = "/",
                                      .group = o->group,
                                      .path = options->quiet ? NULL : o->path,
                                      .are_classes = info->label_integers &&
                                                     (info->label_width <= 1 || info->label_rank > 1)};
    if (options->no_class_names) return STATUS_OK;
    TRY(names_find(o->file, &place, &o->class_names, &info->class_count));
    info->class_names = (const char *const *)o->class_names;
    return STATUS_OK;
}

static enum status objects_make_blocks(struct objects *o, const struct source_info *info)
{
    o->labels.integers = info->label_integers;
    if (o->y.found) TRY(labels_make_block(&o->labels));
    return mem_alloc(&o->weight_block, (size_t)o->labels.weight_width, sizeof *o->weight_block, "weights");
}

static enum status objects_open(struct source *s, const char *locator, const struct source_options *options)
{
    struct objects *o = NULL;
    TRY(mem_alloc(&s->self, 1, sizeof *o, "HDF5 source"));
    o = s->self;
    TRY(find_split(locator, o->path, &o->group));
    TRY(filestate_take(&o->state, o->path));
    o->pool = options->pool;
    if (o->pool) o->file = *o->pool, *o->pool = NULL;
    TRY(h5_reopen(&o->file, o->path, options->allow_external));
    TRY(objects_look(o, options, &s->info));
    TRY(objects_make_blocks(o, &s->info));
    return objects_read_class_names(o, options, &s->info);
}

/* ---- reading ---- */

static enum status objects_read_open(struct objects *o, const struct source_info *info, void *out)
{
    struct found *x = &o->features.x;
    TRY(objects_check_shape(o, &x->info));
    find_take_whole(x, false);
    return features_read(&o->features, info, (struct range){0, 1, 1}, out);
}

static enum status objects_read_features(struct objects *o, const struct source_info *info, int64_t object,
                                         void *out)
{
    struct found *x = &o->features.x;
    TRY(objects_open_features(o, object));
    enum status status = objects_read_open(o, info, out);
    h5_data_close(&x->data);
    return status;
}

/* Opens the data set of labels or weights of an object, which is closed by the caller. */
static enum status objects_open_numbers(struct objects *o, const char *path, int64_t count, struct found *to)
{
    TRY(h5_data_open(&to->data, o->file, path));
    to->info = *h5_data_info(to->data);
    if (to->info.elements == count) return STATUS_OK;
    return status_fail(STATUS_DATA, "%s: holds %" PRId64 " numbers where %" PRId64 " are needed", to->where,
                       to->info.elements, count);
}

static enum status objects_fill_block(struct objects *o, int64_t object)
{
    struct labels *l = &o->labels;
    char path[FIND_NAME_SIZE];
    TRY(objects_path(o, object, o->y.is_attribute ? "" : o->y.name, path));
    if (!o->y.is_attribute) {
        TRY(objects_open_numbers(o, path, l->width, &l->y));
        return h5_data_read_all(l->y.data, l->integers ? H5_TYPE_I64 : H5_TYPE_F64, l->block);
    }
    return l->integers ? h5_attr_int64s(o->file, path, o->y.name, l->width, &l->block->integer)
                       : h5_attr_doubles(o->file, path, o->y.name, l->width, &l->block->real);
}

static enum status objects_read_labels(struct objects *o, int64_t object, int32_t *labels, float *targets)
{
    struct labels *l = &o->labels;
    if (!labels && !targets) return STATUS_OK;
    snprintf(l->y.where, sizeof l->y.where, "%s: %.600s: %.300s", o->path, o->names[object], o->y.name);
    enum status status = objects_fill_block(o, object);
    if (status == STATUS_OK) status = labels_take_block(l, (struct range){object, 1, 1}, labels, targets);
    h5_data_close(&l->y.data);
    return status;
}

static enum status objects_fill_weights(struct objects *o, int64_t object, float *weights)
{
    struct labels *l = &o->labels;
    char path[FIND_NAME_SIZE];
    TRY(objects_path(o, object, o->weights.is_attribute ? "" : o->weights.name, path));
    if (!o->weights.is_attribute) {
        TRY(objects_open_numbers(o, path, l->weight_width, &l->weights));
        return h5_data_read_all(l->weights.data, H5_TYPE_F32, weights);
    }
    TRY(h5_attr_doubles(o->file, path, o->weights.name, l->weight_width, o->weight_block));
    for (int64_t i = 0; i < l->weight_width; i++) weights[i] = (float)o->weight_block[i];
    return STATUS_OK;
}

static enum status objects_read_weights(struct objects *o, int64_t object, float *weights)
{
    struct labels *l = &o->labels;
    if (!weights) return STATUS_OK;
    snprintf(l->weights.where, sizeof l->weights.where, "%s: %.600s: %.300s", o->path, o->names[object],
             o->weights.name);
    enum status status = objects_fill_weights(o, object, weights);
    if (status == STATUS_OK) status = labels_check_weights(l, (struct range){object, 1, 1}, weights);
    h5_data_close(&l->weights.data);
    return status;
}

static enum status objects_read(struct source *s, struct range part, const struct source_rows *rows)
{
    struct objects *o = s->self;
    int64_t bytes = shape_features(s->info.shape) * feature_bytes(s->info.type);
    for (int64_t i = 0; i < part.count; i++) {
        int64_t object = range_at(part, i), width = o->labels.width;
        h5_give_time(o->file);
        if (rows->features)
            TRY(objects_read_features(o, &s->info, object, (char *)rows->features + i * bytes));
        TRY(objects_read_labels(o, object, rows->labels ? rows->labels + i * width : NULL,
                                rows->targets ? rows->targets + i * width : NULL));
        TRY(objects_read_weights(o, object,
                                 rows->weights ? rows->weights + i * o->labels.weight_width : NULL));
    }
    return STATUS_OK;
}

/* Of the first object. */
static enum status objects_read_attribute(struct source *s, const char *name, int64_t count, double *values,
                                          int64_t *found)
{
    struct objects *o = s->self;
    TRY(objects_name_features(o, 0));
    return features_read_attribute(&o->features, o->file, name, count, values, found);
}

static enum status objects_check(const struct source *s)
{
    const struct objects *o = s->self;
    TRY(filestate_check(&o->state, o->path));
    return h5_check(o->file);
}

static const char *objects_find_place(const struct source *s, int64_t *number)
{
    struct objects *o = s->self;
    snprintf(o->where, sizeof o->where, "%s: %s%s%s", o->path, o->group, o->group[0] ? "/" : "",
             o->names[*number]);
    return o->where;
}

static enum status objects_name(struct source *s, int64_t number, char name[SOURCE_NAME_SIZE])
{
    const struct objects *o = s->self;
    snprintf(name, SOURCE_NAME_SIZE, "%s/%s%s%s", o->path, o->group, o->group[0] ? "/" : "",
             o->names[number]);
    return STATUS_OK;
}

static void objects_close(struct source *s)
{
    struct objects *o = s->self;
    if (!o) return;
    features_close(&o->features);
    labels_close(&o->labels);
    if (o->pool && !*o->pool) *o->pool = o->file, o->file = NULL;
    h5_close(&o->file);
    mem_free(&o->names);
    mem_free(&o->weight_block);
    mem_free(&o->class_names);
    mem_free(&s->self);
}

const struct source_ops source_objects = {
    .prefix = "",
    .takes = objects_take,
    .open = objects_open,
    .read = objects_read,
    .read_attribute = objects_read_attribute,
    .check = objects_check,
    .find_place = objects_find_place,
    .name = objects_name,
    .close = objects_close,
};
