/* connect.c - hands the tensors of a model and the functions of sync to the update. */
#include "train/trainer/connect.h"

#include "core/mem.h"

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
    for (int i = 0; i < model_layer_count(model); i++) count += model_layer(model, i)->tensor_count;
    return count;
}

/* One for each tensor, with the gap behind it. */
static void connect_list_tensors(struct update_tensor *to, const struct config *config,
                                 const struct model *model)
{
    for (int i = 0; i < model_layer_count(model); i++)
        for (int t = 0; t < model_layer(model, i)->tensor_count; t++) {
            const struct tensor *from = &model_layer(model, i)->tensors[t];
            *to++ = (struct update_tensor){.first = from->offset,
                                           .count = mem_round_floats(tensor_count(from)),
                                           .role = from->role == TENSOR_STATISTIC ? UPDATE_STATISTIC
                                                                                  : UPDATE_WEIGHT,
                                           .momentum = from->momentum,
                                           .decayed = config->decay_biases || from->rank > 1,
                                           .lr_factor = 1,
                                           .decay_factor = 1};
        }
}

enum status connect_update(struct update *u, const struct kernels *kernels, const struct config *config,
                           const struct model *model, struct sync *sync)
{
    struct update_tensor *tensors = NULL;
    int64_t count = connect_count_tensors(model);
    TRY(mem_alloc(&tensors, (size_t)count, sizeof *tensors, "tensors of the update"));
    connect_list_tensors(tensors, config, model);
    struct update_spec spec = {
        .kernels = kernels,
        .optim = config->optim,
        .args = &config->optim_args,
        .clip_norm = config->clip_norm,
        .clip_value = config->clip_value,
        .tensors = tensors,
        .tensor_count = count,
        .vector = {.self = sync, .sweep = connect_sweep, .merge = connect_merge, .apply = connect_apply}};
    enum status status = update_init(u, &spec);
    mem_free(&tensors);
    return status;
}
