/* save.c - the state of a run into one sealed file. */
#include <stdio.h>

#include "io/h5/h5.h"
#include "train/checkpoint/private.h"

struct saving {
    struct h5_writer *file;
    const char *group;
    const float *vector;
};

static enum status save_tensor(void *self, const struct layer *l, const struct tensor *t)
{
    struct saving *s = self;
    char path[CHECKPOINT_PATH];
    checkpoint_tensor_path(path, s->group, l, t);
    return h5_write(s->file, path, H5_TYPE_F32, t->rank, t->dims, s->vector + t->offset);
}

static enum status save_shape(struct h5_writer *w, const char *name, struct shape shape)
{
    char attr[CHECKPOINT_WORD];
    TRY(h5_write_attr_int64(w, "/", checkpoint_shape_attr(attr, name, -1), shape.c));
    for (int a = 0; a < SHAPE_AXES; a++)
        TRY(h5_write_attr_int64(w, "/", checkpoint_shape_attr(attr, name, a), shape.d[a]));
    return h5_write_attr_int64(w, "/", checkpoint_shape_attr(attr, name, SHAPE_AXES), shape.rank);
}

static enum status save_attributes(struct h5_writer *w, const struct checkpoint_state *s)
{
    const struct {
        const char *name;
        int64_t value;
    } integers[] = {{"version", CHECKPOINT_VERSION}, {"virtual_ranks", s->virtual_ranks}, {"seed", s->seed}};
    TRY(h5_write_attr_text(w, "/", "format", CHECKPOINT_FORMAT));
    TRY(h5_write_attr_text(w, "/", "program", "ddp_train " DDP_VERSION));
    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++)
        TRY(h5_write_attr_int64(w, "/", integers[i].name, integers[i].value));
    TRY(save_shape(w, "input", model_input_shape(s->model)));
    if (s->normal->stored.c > 0) TRY(save_shape(w, "sample", s->normal->stored));
    TRY(h5_write_attr_text(w, "/", "features", feature_type_name(s->normal->type)));
    TRY(h5_write_attr_text(w, "/", "labels", target_name(s->kind)));
    if (s->positions > 1) TRY(h5_write_attr_int64(w, "/", "label_positions", s->positions));
    TRY(h5_write_attr_text(w, "/", "kernels", s->isa));
    TRY(h5_write_attr_text(w, "/", "blas", s->blas));
    TRY(h5_write_attr_uint64(w, "/", "model_hash", checkpoint_model_hash(s->model, CHECKPOINT_VERSION)));
    TRY(h5_write_attr_uint64(w, "/", "data_hash", s->data_hash));
    TRY(h5_write_attr_uint64(w, "/", "val_hash", s->val_hash));
    TRY(h5_write_attr_uint64(w, "/", "optim_hash",
                             checkpoint_slots_hash(s->model, s->optim->slots, s->slots)));
    return h5_write_attr_uint64(w, "/", "weights_hash", checkpoint_weights_hash(s->model, s->params));
}

static enum status save_average(struct h5_writer *w, const struct checkpoint_state *s)
{
    if (!s->average) return STATUS_OK;
    TRY(h5_write_attr_int64(w, "/", "averaged", s->progress->averaged));
    TRY(h5_write_attr_uint64(w, "/", "average_hash", checkpoint_weights_hash(s->model, s->average)));
    return checkpoint_each_tensor(s->model, save_tensor, &(struct saving){w, "average", s->average});
}

static enum status save_normal(struct h5_writer *w, const char *group, const struct normal *n)
{
    char path[CHECKPOINT_PATH];
    snprintf(path, sizeof path, "%s/mean", group);
    TRY(h5_write(w, path, H5_TYPE_F32, 1, &n->channels, n->mean));
    snprintf(path, sizeof path, "%s/std", group);
    TRY(h5_write(w, path, H5_TYPE_F32, 1, &n->channels, n->std));
    snprintf(path, sizeof path, "%s/missing", group);
    return n->missing ? h5_write(w, path, H5_TYPE_F32, 1, &n->channels, n->missing) : STATUS_OK;
}

/* Two numbers for each run of features, or the shape that samples get. */
static enum status save_transforms(struct h5_writer *w, const struct transforms *t)
{
    for (int i = 0; i < t->count; i++) {
        char path[CHECKPOINT_PATH];
        const struct transform *step = &t->of[i];
        int64_t dims[1 + SHAPE_AXES], axes = shape_dims(step->out, dims);
        if (transform_changes_shape(step->step)) {
            checkpoint_transform_path(path, i, &step->ops->kind, "shape");
            TRY(h5_write(w, path, H5_TYPE_I64, 1, &axes, dims));
            continue;
        }
        for (int b = 0; b < 2; b++) {
            checkpoint_transform_path(path, i, &step->ops->kind, b ? "b" : "a");
            TRY(h5_write(w, path, H5_TYPE_F32, 1, &step->runs, b ? step->b : step->a));
        }
    }
    return STATUS_OK;
}

static enum status save_all(struct h5_writer *w, const struct checkpoint_state *s)
{
    TRY(save_attributes(w, s));
    TRY(progress_save(s->progress, w));
    TRY(h5_write_text(w, "config", s->config_text));
    if (s->names) TRY(h5_write_texts(w, "class_names", s->names, s->name_count));
    TRY(checkpoint_each_tensor(s->model, save_tensor, &(struct saving){w, "model", s->params}));
    TRY(save_average(w, s));
    for (int i = 0; i < s->optim->slots; i++) {
        char group[CHECKPOINT_PATH];
        snprintf(group, sizeof group, "optim/%s", s->optim->slot_names[i]);
        TRY(checkpoint_each_tensor(s->model, save_tensor, &(struct saving){w, group, s->slots[i]}));
    }
    TRY(save_normal(w, "normalize", s->normal));
    TRY(save_transforms(w, &s->normal->transforms));
    return s->targets->channels ? save_normal(w, "targets", s->targets) : STATUS_OK;
}

enum status checkpoint_save(const char *path, const struct checkpoint_state *state)
{
    struct h5_writer *w = NULL;
    char label[H5_SEAL_LABEL];
    checkpoint_label(label, state->progress->step);
    TRY(h5_create_sealed(&w, path, label));
    enum status status = save_all(w, state);
    if (status == STATUS_OK) status = h5_commit(&w);
    h5_discard(&w);
    return status;
}
