/* source.c - reads the checkpoint that is exported. */
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "export/export.h"
#include "train/build.h"

/* The model is there for its tensors; nothing is computed with it. */
static enum status export_source_build(struct export_source *s)
{
    const struct kernels *kernels;
    TRY(kernels_select(&kernels, "auto"));
    const struct model_options options = {.kernels = kernels, .lanes = 1, .max_leaves = 1};
    TRY(build_model(&s->model, s->config, s->facts.input, &options));
    return mem_alloc(&s->params, (size_t)model_param_floats(s->model), sizeof *s->params, "parameters");
}

static enum status export_source_read(struct export_source *s, struct h5 *f, bool plain)
{
    const char *group;
    TRY(checkpoint_facts_of(f, &s->facts));
    TRY(h5_attr_int64(f, "/", "step", &s->step));
    TRY(shapes_find(&s->shapes, s->config, s->facts.stored));
    augment_find_middle(&s->config->data.augment, s->facts.stored, s->first);
    TRY(export_source_build(s));
    TRY(checkpoint_find_weights(f, plain, &group));
    s->averaged = strcmp(group, "average") == 0;
    TRY(checkpoint_load_open(f, s->config, s->model, plain, s->params, &s->normal, &s->targets));
    s->weights_hash = checkpoint_weights_hash(s->model, s->params);
    TRY(checkpoint_load_names(f, &s->names, &s->name_count));
    return loss_init(&s->loss, &(struct loss_spec){.ops = s->config->loss,
                                                   .args = &s->config->loss_args,
                                                   .list = &s->config->loss_list,
                                                   .kind = s->facts.kind,
                                                   .outputs = shape_features(model_output_shape(s->model)) /
                                                              s->facts.positions,
                                                   .positions = s->facts.positions,
                                                   .threshold = s->config->metrics_threshold});
}

/* A layer without a name gets its number and kind; a user may have given that very name to another one. */
static enum status export_source_check_names(const struct export_source *s)
{
    int count = model_layer_count(s->model);
    for (int i = 0; i < count; i++)
        for (int k = i + 1; k < count; k++) {
            char first[STATE_DICT_NAME], second[STATE_DICT_NAME];
            state_dict_layer_name(model_layer(s->model, i), first);
            state_dict_layer_name(model_layer(s->model, k), second);
            if (strcmp(first, second) == 0)
                return status_fail(
                    STATUS_CONFIG,
                    "layers %d and %d would both be '%s' in other programs, one by its name and one by its "
                    "number and kind; choose another name, and take the weights over with --init-from",
                    i, k, first);
        }
    return STATUS_OK;
}

enum status export_open(struct export_source *s, const struct config *config, const char *path, bool plain)
{
    struct h5 *f = NULL;
    *s = (struct export_source){.config = config};
    TRY(checkpoint_open(&f, path));
    enum status status = export_source_read(s, f, plain);
    h5_close(&f);
    if (status == STATUS_OK) status = export_source_check_names(s);
    return status == STATUS_OK ? STATUS_OK : status_at(status, "%s", path);
}

void export_close(struct export_source *s)
{
    loss_free(&s->loss);
    normal_free(&s->normal);
    normal_free(&s->targets);
    mem_free(&s->names);
    mem_free(&s->params);
    model_destroy(&s->model);
}

static void export_source_add_tensor(const struct export_source *s, const struct layer *l,
                                     const struct tensor *t, struct export_tensor *to)
{
    *to = (struct export_tensor){
        .rank = t->rank, .values = s->params + t->offset, .bytes = (size_t)tensor_count(t) * sizeof(float)};
    state_dict_name(l, t->name, to->name);
    memcpy(to->dims, t->dims, sizeof to->dims);
}

enum status export_list_tensors(const struct export_source *s, struct export_tensor **list, int64_t *count)
{
    int64_t most = 0;
    *count = 0;
    for (int i = 0; i < model_layer_count(s->model); i++) most += model_layer(s->model, i)->tensor_count + 1;
    TRY(mem_alloc(list, (size_t)most, sizeof **list, "list of tensors"));
    for (int i = 0; i < model_layer_count(s->model); i++) {
        const struct layer *l = model_layer(s->model, i);
        for (int k = 0; k < l->tensor_count; k++)
            export_source_add_tensor(s, l, &l->tensors[k], &(*list)[(*count)++]);
        if (!state_dict_counts_batches(l)) continue;
        struct export_tensor *batches = &(*list)[(*count)++];
        *batches = (struct export_tensor){.is_count = true, .values = &s->step, .bytes = sizeof s->step};
        state_dict_name(l, STATE_DICT_BATCHES, batches->name);
    }
    return STATUS_OK;
}
