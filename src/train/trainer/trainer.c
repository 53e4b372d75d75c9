/* trainer.c - set-up of a training run. */
#include "train/trainer/trainer.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "math/blas.h"
#include "math/kernels.h"
#include "core/log.h"
#include "core/mem.h"
#include "train/build.h"
#include "train/slices.h"
#include "train/saver/snapshot.h"
#include "train/trainer/connect.h"
#include "train/trainer/private.h"
#include "train/watch.h"

#define LEAVES_MAX TREE_MAX_LEAVES /* of a step */

static enum status trainer_check_batch(const struct trainer *t)
{
    const struct config *c = t->config;
    int64_t samples = dataset_info(t->train)->samples;
    if (c->accumulate > LEAVES_MAX / c->virtual_ranks)
        return status_fail(STATUS_CONFIG,
                           "train.accumulate: %" PRId64 " passes of %" PRId64
                           " virtual ranks are more than %d passes; lower one of them",
                           c->accumulate, c->virtual_ranks, LEAVES_MAX);
    if (c->batch > samples)
        return status_fail(
            STATUS_DATA, "%s: %" PRId64 " samples are fewer than one batch of %" PRId64 "; lower train.batch",
            dataset_locator(t->train), samples, c->batch);
    return STATUS_OK;
}

/* Samples of a full batch on the rank with the fewest and on that with the most. */
static void trainer_plan_ranks(struct trainer *t)
{
    struct trainer_info *i = &t->info;
    int64_t batch = t->config->batch;
    i->rank_min = batch;
    for (int rank = 0; rank < comm_size(t->comm); rank++) {
        struct tree_node range = tree_range((int)i->leaves, rank, comm_size(t->comm));
        int64_t count = slices_begin(batch, i->leaves, range.hi) - slices_begin(batch, i->leaves, range.lo);
        if (count < i->rank_min) i->rank_min = count;
        if (count > i->rank_max) i->rank_max = count;
    }
}

/* Plans virtual ranks, slices and steps. */
static enum status trainer_plan_batches(struct trainer *t)
{
    struct trainer_info *i = &t->info;
    int64_t batch = t->config->batch;
    i->train_samples = dataset_info(t->train)->samples;
    i->val_samples = t->val ? dataset_info(t->val)->samples : 0;
    i->train_left_out = dataset_left_out(t->train);
    i->val_left_out = t->val && t->config->data.val[0] ? dataset_left_out(t->val) : 0;
    i->virtual_ranks = t->config->virtual_ranks;
    assert(i->virtual_ranks >= comm_size(t->comm)); /* config_settle_virtual_ranks */
    TRY(trainer_check_batch(t));
    i->leaves = i->virtual_ranks * t->config->accumulate;
    i->slice_min = batch / i->leaves;
    i->slice_max = slices_max(batch, i->leaves);
    i->lanes = build_lanes(t->config, i->virtual_ranks);
    trainer_plan_ranks(t);
    i->steps_per_epoch = (i->train_samples + batch - 1) / batch;
    i->total_steps = i->steps_per_epoch * t->config->epochs;
    return STATUS_OK;
}

/* The layer that makes the outputs; a view leaves them as they are. */
static const struct layer *trainer_find_last_layer(const struct model *m)
{
    const struct layer *l = model_layer(m, model_layer_count(m) - 1);
    while (l->ops->is_view && l->inputs[0] > 0) l = model_layer(m, l->inputs[0] - 1);
    return l;
}

/* Positions of stored labels; where targets are the features, these do not move. */
static int64_t trainer_label_positions(const struct trainer *t)
{
    return dataset_info(t->train)->has_labels ? dataset_positions(t->train) : 1;
}

/* Whether augmentation makes probabilities of classes. */
static bool trainer_blends(const struct trainer *t)
{
    return augment_blends(&t->config->data.augment, trainer_label_positions(t));
}

/* Weights of positions, in any of the sets. */
static int64_t trainer_find_weight_width(const struct trainer *t)
{
    int64_t width = 0;
    const struct dataset *sets[] = {t->train, t->val};
    for (int i = 0; i < 2; i++) {
        if (!sets[i] || !dataset_info(sets[i])->has_weights) continue;
        int64_t of_set = dataset_weight_width(sets[i]);
        width = of_set > width ? of_set : width;
    }
    return width;
}

static enum status trainer_plan_augment(struct trainer *t)
{
    const struct dataset *d = t->train;
    struct augment_spec spec = {
        .kernels = t->kernels,
        .steps = &t->config->data.augment,
        .seed = (uint64_t)t->config->seed,
        .type = dataset_info(d)->type,
        .kind = dataset_kind(d),
        .width = dataset_width(d),
        .positions = trainer_label_positions(t),
        .lanes = t->info.lanes,
        .outputs = t->loss.outputs,
        .weight_width = trainer_find_weight_width(t),
        .ignored = t->loss.ignored,
    };
    shapes_fill_spec(&t->shapes, model_output_shape(t->model), &spec);
    TRY(shapes_init_still(&t->still, spec));
    t->batch.still = t->still.moved.c ? &t->still : NULL;
    if (t->config->data.augment.count == 0) return STATUS_OK;
    enum status status = trainer_blends(t) ? dataset_check_none_ignored(d) : STATUS_OK;
    if (status != STATUS_OK)
        return status_at(status,
                         "data.augment mixes samples, but ignored ones have no class; leave them out");
    return augment_init(&t->augment, &spec);
}

static enum status trainer_build_losses(struct trainer *t, int64_t outputs, int64_t positions)
{
    const struct config *c = t->config;
    struct loss_spec spec = {.ops = c->loss,
                             .args = &c->loss_args,
                             .list = &c->loss_list,
                             .kind = dataset_kind(t->train),
                             .outputs = outputs,
                             .positions = positions,
                             .threshold = c->metrics_threshold};
    TRY(loss_init(&t->loss, &spec));
    t->fits = &t->loss;
    if (!trainer_blends(t)) return STATUS_OK;
    if (spec.kind == TARGET_INDEX || spec.kind == TARGET_ONEHOT) spec.kind = TARGET_PROBS;
    enum status status = loss_init(&t->mixed, &spec);
    if (status != STATUS_OK)
        return status_at(status, "data.augment mixes samples, so classes are probabilities");
    t->fits = &t->mixed;
    return STATUS_OK;
}

static enum status trainer_build_parts(struct trainer *t)
{
    TRY(trainer_plan_batches(t));
    int64_t ranks = comm_size(t->comm), max_leaves = (t->info.leaves + ranks - 1) / ranks;
    const struct model_options options = {
        .kernels = t->kernels, .lanes = t->info.lanes, .max_leaves = max_leaves, .training = true};
    TRY(build_model(&t->model, t->config, t->shapes.input, &options));
    TRY(build_check_input(model_input_shape(t->model), &t->shapes, t->train));
    int64_t positions = shapes_find_positions(model_output_shape(t->model), dataset_positions(t->train));
    int64_t outputs = shape_features(model_output_shape(t->model)) / positions;
    if (positions == 1 && dataset_positions(t->train) > 1)
        return status_fail(STATUS_CONFIG,
                           "%s: labels are for each position, but the model's outputs have only one",
                           dataset_locator(t->train));
    TRY(dataset_check_labels(t->train, outputs));
    TRY(trainer_build_losses(t, outputs, positions));
    TRY(loss_check_last_layer(&t->loss, trainer_find_last_layer(t->model)->ops));
    const struct batch_spec batch = {.kernels = t->kernels,
                                     .lanes = t->info.lanes,
                                     .leaves = model_leaves(t->model),
                                     .width = trainer_blends(t) ? outputs : dataset_width(t->train),
                                     .positions = positions,
                                     .room = transforms_room(&t->normal.transforms, t->info.lanes),
                                     .scratch = t->fits->scratch};
    TRY(batch_init(&t->batch, &batch));
    t->batch.target_normal = t->targets.channels ? &t->targets : NULL;
    TRY(trainer_plan_augment(t));
    TRY(groups_create(t, &options, &batch));
    if (!t->val) return STATUS_OK;
    TRY(build_check_shape(t->shapes.change ? t->shapes.stored : model_input_shape(t->model), t->val));
    const struct evaluation_spec spec = {.comm = t->comm,
                                         .model = t->model,
                                         .data = t->val,
                                         .normal = &t->normal,
                                         .loss = &t->loss,
                                         .batch = &t->batch,
                                         .label_positions = dataset_positions(t->train),
                                         .top_k = t->config->metrics_top_k};
    return evaluation_init(&t->evaluation, &spec);
}

/* Checks before the first step that metrics that decide something exist. */
static enum status trainer_check_watched(const struct trainer *t)
{
    const struct config *c = t->config;
    const struct scores *scores = t->val ? t->evaluation.scores : NULL;
    enum task task = loss_task(&t->loss);
    TRY(watch_check("train.early_stop", c->early_stop, task, scores));
    if (c->schedule->observe) TRY(watch_check("schedule.metric", c->schedule_metric, task, scores));
    if (strcmp(c->checkpoint_best, "auto") == 0) return STATUS_OK;
    return watch_check("checkpoint.best", c->checkpoint_best, task, scores);
}

static void trainer_fill_info(struct trainer *t)
{
    const struct source_info *source = dataset_info(t->train);
    struct trainer_info *i = &t->info;
    i->model = t->model;
    i->shape = source->shape;
    i->input = t->shapes.input;
    i->feature_type = feature_type_name(source->type);
    i->kind = dataset_kind(t->train);
    if (dataset_targets_are_features(t->train))
        snprintf(i->label_text, sizeof i->label_text, "the features");
    else
        infer_stored_text(source, i->label_text);
    i->has_weights = source->has_weights;
    i->val_has_weights = t->val && dataset_info(t->val)->has_weights;
    i->classes = t->loss.outputs;
    i->positions = t->loss.positions;
    i->stored_names = source->class_count;
    i->class_names = dataset_class_names(t->train, i->classes);
    i->isa = t->kernels->level;
    i->blas = blas_core();
    i->window_bytes = (double)dataset_bytes(t->train) + (double)sync_shared_bytes(t->sync);
    if (t->val) i->window_bytes += (double)dataset_bytes(t->val);
    i->copy_bytes = (double)snapshot_bytes(t);
}

static void trainer_init_params(void *self, float *params)
{
    const struct trainer *t = self;
    model_init_params(t->model, (uint64_t)t->config->seed, params);
}

static void trainer_add_sums(void *sum, const void *record)
{
    loss_sums_add(sum, record);
}

static enum status trainer_create_sync(struct trainer *t)
{
    return sync_create(&t->sync, t->comm,
                       &(struct sync_spec){.kernels = t->kernels,
                                           .count = model_param_floats(t->model),
                                           .slots = t->config->optim->slots + config_averages(t->config),
                                           .virtual_ranks = (int)t->info.leaves,
                                           .max_group = (int)model_leaves(t->model),
                                           .tree = t->config->sync_method == SYNC_TREE,
                                           .record_bytes = sizeof(struct loss_sums),
                                           .add = trainer_add_sums});
}

static enum status trainer_build(struct trainer *t)
{
    TRY(build_start_math(&t->kernels, t->comm, t->config));
    TRY(trainer_load_data(t));
    TRY(comm_agree(t->comm, trainer_build_parts(t)));
    if (t->config->sampler != SAMPLER_ONCE)
        TRY(dataset_draw(t->train, t->comm, !config_draws_by_weight(t->config)));
    TRY(trainer_prepare_data(t));
    dataset_warn_sorted(t->train);
    TRY(comm_agree(t->comm, trainer_check_watched(t)));
    TRY(trainer_create_sync(t));
    if (t->config->check_every > 0) TRY(sync_audit(t->sync));
    TRY(comm_agree(t->comm, connect_update(&t->update, t->kernels, t->config, t->model, t->sync)));
    sync_fill_params(t->sync, trainer_init_params, t);
    trainer_fill_info(t);
    return STATUS_OK;
}

enum status trainer_create(struct trainer **out, struct comm *comm, const struct config *config,
                           const char *config_text)
{
    enum status status = comm_agree(comm, mem_alloc(out, 1, sizeof **out, "trainer"));
    if (status == STATUS_OK) {
        struct trainer *t = *out;
        t->comm = comm;
        t->checked = -1;
        t->config = config;
        t->config_text = config_text;
        status = trainer_build(t);
    }
    if (status != STATUS_OK) trainer_destroy(out);
    return status;
}

void trainer_destroy(struct trainer **trainer)
{
    struct trainer *t = *trainer;
    if (!t) return;
    update_free(&t->update);
    sync_destroy(&t->sync);
    evaluation_free(&t->evaluation);
    groups_destroy(t);
    batch_free(&t->batch);
    augment_free(&t->augment);
    augment_free(&t->still);
    loss_free(&t->loss);
    loss_free(&t->mixed);
    model_destroy(&t->model);
    normal_free(&t->normal);
    normal_free(&t->targets);
    dataset_destroy(&t->val);
    dataset_destroy(&t->train);
    mem_free(trainer);
}

const struct trainer_info *trainer_info(const struct trainer *t)
{
    return &t->info;
}
