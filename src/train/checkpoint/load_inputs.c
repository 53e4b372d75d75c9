/* load_inputs.c - reads what becomes of stored features on their way into the model. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "train/checkpoint/private.h"
#include "train/shapes.h"

/* The number of channels is that of the stored vector. */
static enum status load_find_length(struct h5 *f, const char *path, int64_t *length)
{
    struct h5_data *data = NULL;
    TRY(h5_data_open(&data, f, path));
    const struct h5_info *info = h5_data_info(data);
    *length = info->rank == 1 ? info->dims[0] : 0;
    h5_data_close(&data);
    return *length >= 1 ? STATUS_OK : status_fail(STATUS_DATA, "%s: is not a vector", path);
}

/* What stands for missing values, in files of runs that have any. */
static enum status load_missing(struct h5 *f, const char *group, struct normal *n)
{
    char path[CHECKPOINT_PATH];
    enum h5_object what;
    snprintf(path, sizeof path, "%s/missing", group);
    TRY(h5_find(f, path, &what));
    if (what != H5_OBJECT_DATASET) return STATUS_OK;
    TRY(normal_add_missing(n));
    TRY(h5_read(f, path, H5_TYPE_F32, n->channels, n->missing));
    for (int64_t c = 0; c < n->channels; c++)
        if (!isfinite(n->missing[c]))
            return status_fail(STATUS_DATA, "%s: is not finite; the file was changed or damaged", path);
    return STATUS_OK;
}

enum status checkpoint_load_normal(struct h5 *f, const char *group, enum feature_type type, struct normal *n)
{
    char mean[CHECKPOINT_PATH], std[CHECKPOINT_PATH];
    int64_t channels;
    snprintf(mean, sizeof mean, "%s/mean", group);
    snprintf(std, sizeof std, "%s/std", group);
    TRY(load_find_length(f, mean, &channels));
    TRY(normal_init_empty(n, channels, type));
    TRY(h5_read(f, mean, H5_TYPE_F32, channels, n->mean));
    TRY(h5_read(f, std, H5_TYPE_F32, channels, n->std));
    for (int64_t c = 0; c < channels; c++)
        if (!isfinite(n->mean[c]) || !isfinite(n->std[c]) || n->std[c] <= 0)
            return status_fail(STATUS_DATA,
                               "%s: channel %" PRId64
                               " has mean %f and std %f; the file was changed or damaged",
                               group, c, (double)n->mean[c], (double)n->std[c]);
    TRY(load_missing(f, group, n));
    normal_finish(n);
    return STATUS_OK;
}

/* Whether the file has a step of this kind at that place. */
static enum status load_has_transform(struct h5 *f, int index, const struct data_kind *kind, bool *has)
{
    enum h5_object what;
    char path[CHECKPOINT_PATH];
    checkpoint_transform_path(path, index, kind, "");
    TRY(h5_find(f, path, &what));
    *has = what == H5_OBJECT_GROUP;
    return STATUS_OK;
}

/* Checks that the file has the steps of its configuration, and no others. */
static enum status load_check_transforms(struct h5 *f, const struct data_steps *steps)
{
    bool has;
    const struct data_kind *kind;
    for (int i = 0; i < steps->count; i++) {
        TRY(load_has_transform(f, i, steps->of[i].kind, &has));
        if (!has)
            return status_fail(STATUS_DATA,
                               "transforms: has no %s at place %d, as its configuration does; the file was "
                               "changed or damaged",
                               steps->of[i].kind->name, i);
    }
    for (int i = 0; (kind = transform_kind_at(i)); i++) {
        TRY(load_has_transform(f, steps->count, kind, &has));
        if (has)
            return status_fail(STATUS_DATA,
                               "transforms: has more steps than the %d of its configuration; the file was "
                               "changed or damaged",
                               steps->count);
    }
    return STATUS_OK;
}

/* The numbers of a step that has any. */
static enum status load_transform(struct h5 *f, int index, const struct data_step *step, struct shape in,
                                  struct transforms *t)
{
    char path[CHECKPOINT_PATH];
    int64_t runs = 0;
    checkpoint_transform_path(path, index, step->kind, "a");
    if (transform_changes_shape(step)) return transforms_add(t, step, in, 0);
    TRY(load_find_length(f, path, &runs));
    TRY(transforms_add(t, step, in, runs));
    TRY(h5_read(f, path, H5_TYPE_F32, runs, t->of[index].a));
    checkpoint_transform_path(path, index, step->kind, "b");
    TRY(h5_read(f, path, H5_TYPE_F32, runs, t->of[index].b));
    if (transform_is_finite(&t->of[index])) return STATUS_OK;
    checkpoint_transform_path(path, index, step->kind, "a");
    return status_fail(STATUS_DATA, "%s, or b: is not finite; the file was changed or damaged", path);
}

static enum status load_transforms(struct h5 *f, const struct data_steps *steps, struct shape in,
                                   struct transforms *t)
{
    TRY(load_check_transforms(f, steps));
    for (int i = 0; i < steps->count; i++) {
        TRY(load_transform(f, i, &steps->of[i], in, t));
        in = t->of[i].out;
    }
    return transforms_check(t);
}

enum status checkpoint_load_inputs(struct h5 *f, const struct config *config,
                                   const struct checkpoint_facts *facts, struct normal *n)
{
    struct sample_shapes shapes;
    TRY(shapes_find(&shapes, config, facts->stored));
    if (shape_features(shapes.input) != shape_features(facts->input))
        return status_fail(
            STATUS_DATA,
            "its samples become other ones than those that its model takes; the file was changed "
            "or damaged");
    TRY(checkpoint_load_normal(f, "normalize", facts->type, n));
    if (shapes.change) n->stored = shapes.stored;
    return load_transforms(f, &config->data.transforms, shapes.moved, &n->transforms);
}
