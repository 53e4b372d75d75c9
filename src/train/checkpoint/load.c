/* load.c - reads a checkpoint into a model, or into a run that resumes. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/h5/h5.h"
#include "io/hash.h"
#include "core/mem.h"
#include "train/checkpoint/private.h"

struct loading {
    struct h5 *file;
    const char *group;
    float *vector;
};

static enum status load_check_finite(const char *path, const float *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return status_fail(STATUS_DATA, "%s: element %" PRId64 " is %f; the run had diverged", path, i,
                               (double)values[i]);
    return STATUS_OK;
}

bool checkpoint_tensor_fits(const struct h5_info *info, const struct tensor *t)
{
    bool fits = info->rank == t->rank;
    for (int i = 0; fits && i < t->rank; i++) fits = info->dims[i] == t->dims[i];
    return fits;
}

enum status checkpoint_read_tensor(struct h5 *f, const char *path, const struct tensor *t, float *values)
{
    struct h5_data *data = NULL;
    TRY(h5_data_open(&data, f, path));
    enum status status =
        checkpoint_tensor_fits(h5_data_info(data), t)
            ? h5_data_read(data, 0, t->dims[0], H5_TYPE_F32, values)
            : status_fail(STATUS_DATA, "%s: its shape differs from that of the model in the configuration",
                          path);
    h5_data_close(&data);
    return status == STATUS_OK ? load_check_finite(path, values, tensor_count(t)) : status;
}

static enum status load_tensor(void *self, const struct layer *l, const struct tensor *t)
{
    struct loading *s = self;
    char path[CHECKPOINT_PATH];
    TRY(checkpoint_find_tensor(s->file, s->group, l, t, false, path));
    return checkpoint_read_tensor(s->file, path, t, s->vector + t->offset);
}

/* One mean for each output; where labels have positions, these are those of the model's outputs. */
static enum status load_targets(struct h5 *f, const struct model *model, struct normal *n)
{
    enum h5_object what;
    int64_t positions;
    struct shape outputs = model_output_shape(model);
    TRY(checkpoint_read_positions(f, &positions));
    if (positions != 1 && positions != shape_positions(outputs))
        return status_fail(
            STATUS_DATA, "its labels are for %" PRId64 " positions, but the model has another number of them",
            positions);
    TRY(h5_find(f, "targets", &what));
    if (what == H5_OBJECT_NONE) return STATUS_OK;
    TRY(checkpoint_load_normal(f, "targets", FEATURE_F32, n));
    if (n->channels == shape_features(outputs) / positions) return STATUS_OK;
    return status_fail(STATUS_DATA, "targets: %" PRId64 " means, but the model has another number of outputs",
                       n->channels);
}

static enum status load_vector(struct h5 *f, const char *group, const struct model *model, float *vector)
{
    memset(vector, 0, (size_t)model_param_floats(model) * sizeof *vector);
    return checkpoint_each_tensor(model, load_tensor, &(struct loading){f, group, vector});
}

static enum status load_check_hash(struct h5 *f, const char *attr, uint64_t hash)
{
    uint64_t stated;
    TRY(h5_attr_uint64(f, "/", attr, &stated));
    if (stated == hash) return STATUS_OK;
    return status_fail(STATUS_DATA, "its tensors do not match the stored %s; the file was changed or damaged",
                       attr);
}

enum status checkpoint_find_weights(struct h5 *f, bool plain, const char **group)
{
    enum h5_object what = H5_OBJECT_NONE;
    if (!plain) TRY(h5_find(f, "average", &what));
    *group = what == H5_OBJECT_GROUP ? "average" : "model";
    return STATUS_OK;
}

static enum status load_weights(struct h5 *f, const struct model *model, const char *group, float *params)
{
    bool averaged = strcmp(group, "average") == 0;
    TRY(load_vector(f, group, model, params));
    return load_check_hash(f, averaged ? "average_hash" : "weights_hash",
                           checkpoint_weights_hash(model, params));
}

enum status checkpoint_load_open(struct h5 *f, const struct config *config, const struct model *model,
                                 bool plain, float *params, struct normal *n, struct normal *targets)
{
    struct checkpoint_facts facts;
    const char *group;
    TRY(checkpoint_find_weights(f, plain, &group));
    TRY(load_weights(f, model, group, params));
    TRY(checkpoint_facts_of(f, &facts));
    TRY(checkpoint_load_inputs(f, config, &facts, n));
    return load_targets(f, model, targets);
}

enum status checkpoint_load(const char *path, const struct config *config, const struct model *model,
                            bool plain, float *params, struct normal *n, struct normal *targets)
{
    struct h5 *f = NULL;
    TRY(checkpoint_open(&f, path));
    enum status status = checkpoint_load_open(f, config, model, plain, params, n, targets);
    h5_close(&f);
    return status == STATUS_OK ? status : status_at(status, "%s", path);
}

enum status checkpoint_load_names(struct h5 *f, char ***names, int64_t *count)
{
    enum h5_object what;
    *names = NULL;
    *count = 0;
    TRY(h5_find(f, "class_names", &what));
    return what == H5_OBJECT_NONE ? STATUS_OK : h5_read_texts(f, "class_names", names, count);
}

static enum status load_slots(struct h5 *f, const struct checkpoint_target *target)
{
    const float *slots[OPTIM_SLOTS];
    for (int i = 0; i < target->optim->slots; i++) {
        char group[CHECKPOINT_PATH];
        snprintf(group, sizeof group, "optim/%s", target->optim->slot_names[i]);
        slots[i] = target->slots[i];
        TRY(load_vector(f, group, target->model, target->slots[i]));
    }
    return load_check_hash(f, "optim_hash",
                           checkpoint_slots_hash(target->model, target->optim->slots, slots));
}

/* The number of terms; 0 if the file has no average. */
static enum status load_averaged(struct h5 *f, int64_t *averaged)
{
    const char *group;
    *averaged = 0;
    TRY(checkpoint_find_weights(f, false, &group));
    if (strcmp(group, "average") != 0) return STATUS_OK;
    TRY(h5_attr_int64(f, "/", "averaged", averaged));
    if (*averaged > 0) return STATUS_OK;
    return status_fail(STATUS_DATA, "its attribute averaged is %" PRId64 ", which no average can have",
                       *averaged);
}

static enum status load_average(struct h5 *f, const struct checkpoint_target *target)
{
    int64_t *averaged = &target->progress->averaged;
    if (target->average) TRY(load_averaged(f, averaged));
    return *averaged > 0 ? load_weights(f, target->model, "average", target->average) : STATUS_OK;
}

static enum status load_state(struct h5 *f, const struct checkpoint_target *target,
                              struct checkpoint_facts *facts)
{
    TRY(checkpoint_facts_of(f, facts));
    bool other = facts->model_hash != checkpoint_model_hash(target->model, facts->version);
    if (other && !target->other_layers)
        return status_fail(STATUS_DATA, "holds a model other than the one in the configuration");
    TRY(progress_load(target->progress, f));
    TRY(load_vector(f, "model", target->model, target->params));
    enum status status =
        load_check_hash(f, "weights_hash", checkpoint_weights_hash(target->model, target->params));
    if (other && status == STATUS_DATA)
        return status_fail(
            STATUS_CONFIG,
            "holds weights that do not fit this model; start a new run from those that fit with "
            "--init-from");
    TRY(status);
    TRY(load_average(f, target));
    return target->other_slots ? STATUS_OK : load_slots(f, target);
}

enum status checkpoint_load_state(const char *path, const struct checkpoint_target *target,
                                  struct checkpoint_facts *facts)
{
    struct h5 *f = NULL;
    TRY(checkpoint_open(&f, path));
    enum status status = load_state(f, target, facts);
    h5_close(&f);
    return status == STATUS_OK ? status : status_at(status, "%s", path);
}

struct checking {
    struct h5 *file;
    const char *group;
    struct hash hash;
};

static enum status load_check_tensor(void *self, const struct layer *l, const struct tensor *t)
{
    struct checking *s = self;
    char path[CHECKPOINT_PATH];
    float *values = NULL;
    TRY(mem_alloc(&values, (size_t)tensor_count(t), sizeof *values, "tensor"));
    enum status status = checkpoint_find_tensor(s->file, s->group, l, t, false, path);
    if (status == STATUS_OK) status = checkpoint_read_tensor(s->file, path, t, values);
    hash_add(&s->hash, values, (size_t)tensor_count(t) * sizeof *values);
    mem_free(&values);
    return status;
}

static enum status load_check_average(struct h5 *f, const struct model *model)
{
    int64_t averaged;
    struct checking s = {.file = f, .group = "average"};
    TRY(load_averaged(f, &averaged));
    if (averaged == 0) return STATUS_OK;
    hash_begin(&s.hash);
    TRY(checkpoint_each_tensor(model, load_check_tensor, &s));
    return load_check_hash(f, "average_hash", hash_end(&s.hash));
}

static enum status load_check_tensors(struct h5 *f, const struct model *model, const struct optim_ops *optim)
{
    struct checking s = {.file = f, .group = "model"};
    hash_begin(&s.hash);
    TRY(checkpoint_each_tensor(model, load_check_tensor, &s));
    TRY(load_check_hash(f, "weights_hash", hash_end(&s.hash)));
    TRY(load_check_average(f, model));
    hash_begin(&s.hash);
    for (int i = 0; i < optim->slots; i++) {
        char group[CHECKPOINT_PATH];
        snprintf(group, sizeof group, "optim/%s", optim->slot_names[i]);
        s.group = group;
        TRY(checkpoint_each_tensor(model, load_check_tensor, &s));
    }
    return load_check_hash(f, "optim_hash", hash_end(&s.hash));
}

enum status checkpoint_check(struct h5 *f, const struct config *config, const struct model *model,
                             const struct checkpoint_facts *facts, struct progress *progress)
{
    struct normal n = {0}, targets = {0};
    if (facts->model_hash != checkpoint_model_hash(model, facts->version))
        return status_fail(STATUS_DATA, "holds a model other than the one in its configuration");
    TRY(progress_load(progress, f));
    enum status status = checkpoint_load_inputs(f, config, facts, &n);
    if (status == STATUS_OK) status = load_targets(f, model, &targets);
    normal_free(&n);
    normal_free(&targets);
    return status == STATUS_OK ? load_check_tensors(f, model, config->optim) : status;
}
