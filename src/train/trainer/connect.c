/* connect.c - hands the tensors of a model and the functions of sync to the update. */
#include "train/trainer/connect.h"

#include <stdio.h>

#include "core/mem.h"
#include "nn/layers/tensor.h"

_Static_assert(UPDATE_SLOTS == SYNC_SLOTS, "the slots of a range are handed on to the update");
_Static_assert(SYNC_CELL % UPDATE_CELL == 0, "ranges are whole cells for both");

static void connect_sweep(void *sync, update_visit *visit, void *visitor)
{
    sync_sweep(sync, visit, visitor);
}

static void connect_merge(void *sync, double *values, int64_t count)
{
    sync_merge(sync, values, count);
}

static void connect_apply(void *sync, update_visit *visit, void *visitor)
{
    sync_apply(sync, visit, visitor);
}

static int64_t connect_count_tensors(const struct model *model)
{
    int64_t count = 0;
    for (int i = 0; i < model_layer_count(model); i++) count += layer_own_tensors(model_layer(model, i));
    return count;
}

static enum update_role connect_role(const struct tensor *t)
{
    if (t->frozen) return UPDATE_FROZEN;
    return t->role == TENSOR_STATISTIC ? UPDATE_STATISTIC : UPDATE_WEIGHT;
}

/* The factors of all groups that match are multiplied. */
static void connect_apply_groups(struct update_tensor *to, const struct config_groups *groups,
                                 const struct layer *l, const struct tensor *from)
{
    to->lr_factor = to->decay_factor = 1;
    for (int g = 0; g < groups->count; g++) {
        if (!tensor_matches(l, from, groups->of[g].match)) continue;
        to->lr_factor *= groups->of[g].lr;
        to->decay_factor *= groups->of[g].weight_decay;
    }
}

/* Rows are what belongs to one index of the first axis; vectors have none. */
static void connect_find_rows(struct update_tensor *to, const struct config *config, const struct layer *l,
                              const struct tensor *from)
{
    const struct patterns *match = &config->max_norm_match;
    if (config->max_norm == 0 || from->rank < 2 || to->role != UPDATE_WEIGHT) return;
    if (match->count > 0 && !tensor_matches_any(l, from, match)) return;
    to->rows = from->dims[0];
    to->row_floats = tensor_count(from) / from->dims[0];
}

/* One for each tensor, with the gap behind it. */
static void connect_list_tensors(struct update_tensor *to, const struct config *config,
                                 const struct model *model)
{
    for (int i = 0; i < model_layer_count(model); i++)
        for (int t = 0; t < layer_own_tensors(model_layer(model, i)); t++, to++) {
            const struct layer *l = model_layer(model, i);
            const struct tensor *from = &l->tensors[t];
            *to = (struct update_tensor){.first = from->offset,
                                         .count = mem_round_floats(tensor_count(from)),
                                         .role = connect_role(from),
                                         .momentum = from->momentum,
                                         .decayed = config->decay_biases || from->rank > 1};
            connect_apply_groups(to, &config->groups, l, from);
            connect_find_rows(to, config, l, from);
        }
}

/* Every pattern must match something. */
static enum status connect_check_patterns(const struct config *config, const struct model *model)
{
    const struct layer *layers = model_layer(model, 0);
    int count = model_layer_count(model);
    for (int i = 0; i < config->groups.count; i++) {
        char key[32];
        snprintf(key, sizeof key, "optim.groups[%d]", i);
        TRY(tensor_check_pattern(key, config->groups.of[i].match, layers, count));
    }
    for (int i = 0; i < config->max_norm_match.count; i++)
        TRY(tensor_check_pattern("optim.max_norm_match", config->max_norm_match.text[i], layers, count));
    return STATUS_OK;
}

enum status connect_update(struct update *u, const struct kernels *kernels, const struct config *config,
                           const struct model *model, struct sync *sync)
{
    struct update_tensor *tensors = NULL;
    TRY(connect_check_patterns(config, model));
    int64_t count = connect_count_tensors(model);
    TRY(mem_alloc(&tensors, (size_t)count, sizeof *tensors, "tensors of the update"));
    connect_list_tensors(tensors, config, model);
    struct update_spec spec = {
        .kernels = kernels,
        .optim = config->optim,
        .args = &config->optim_args,
        .clip_norm = config->clip_norm,
        .clip_value = config->clip_value,
        .max_norm = config->max_norm,
        .averages = config_averages(config),
        .tensors = tensors,
        .tensor_count = count,
        .vector = {.self = sync, .sweep = connect_sweep, .merge = connect_merge, .apply = connect_apply}};
    enum status status = update_init(u, &spec);
    mem_free(&tensors);
    return status;
}
