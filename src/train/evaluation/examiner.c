/* examiner.c - loads a checkpoint and a data set. */
#include "train/evaluation/examiner.h"

#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "core/mem.h"
#include "train/build.h"
#include "train/sets.h"
#include "train/shapes.h"
#include "train/checkpoint/private.h"

/* Prepares for samples and labels of which the model takes the middle. */
static enum status examiner_prepare_still(struct examiner *x, const struct config *config,
                                          const struct checkpoint_facts *facts)
{
    struct sample_shapes shapes;
    struct shape outputs = model_output_shape(x->model);
    const struct source_info *info = dataset_info(x->data);
    TRY(shapes_find(&shapes, config, facts->stored));
    x->label_positions = shapes_stored_positions(&shapes, outputs, facts->positions);
    TRY(dataset_check_positions(x->data, x->label_positions));
    struct augment_spec spec = {.kernels = x->kernels,
                                .steps = &config->data.augment,
                                .type = info->type,
                                .kind = facts->kind,
                                .width = dataset_width(x->data),
                                .positions = info->has_labels ? x->label_positions : 1,
                                .lanes = x->batch.lanes,
                                .weight_width = info->has_weights ? dataset_weight_width(x->data) : 0,
                                .ignored = x->loss.ignored};
    shapes_fill_spec(&shapes, outputs, &spec);
    TRY(shapes_init_still(&x->still, spec));
    x->batch.still = x->still.moved.c ? &x->still : NULL;
    return STATUS_OK;
}

static enum status examiner_build(struct examiner *x, const struct examiner_spec *spec,
                                  const struct checkpoint_facts *facts)
{
    const struct config *config = spec->config;
    int64_t lanes = build_lanes(config, facts->virtual_ranks);
    const struct model_options options = {
        .kernels = x->kernels, .lanes = lanes, .max_leaves = facts->virtual_ranks};
    TRY(build_model(&x->model, config, facts->input, &options));
    size_t bytes = (size_t)model_param_floats(x->model) * sizeof(float);
    TRY(mem_alloc(&x->params, bytes, 1, "parameters"));
    TRY(checkpoint_load(spec->checkpoint, config, x->model, spec->plain, x->params, &x->normal, &x->targets));
    bool change = x->normal.stored.c > 0;
    TRY(build_check_shape(change ? x->normal.stored : model_input_shape(x->model), x->data));
    TRY(normal_check(&x->normal, x->data));
    int64_t outputs = shape_features(model_output_shape(x->model)) / facts->positions;
    TRY(dataset_check_labels(x->data, outputs));
    TRY(loss_init(&x->loss, &(struct loss_spec){.ops = config->loss,
                                                .args = &config->loss_args,
                                                .list = &config->loss_list,
                                                .kind = facts->kind,
                                                .outputs = outputs,
                                                .positions = facts->positions,
                                                .threshold = config->metrics_threshold}));
    TRY(batch_init(&x->batch, &(struct batch_spec){.kernels = x->kernels,
                                                   .lanes = lanes,
                                                   .leaves = model_leaves(x->model),
                                                   .width = dataset_width(x->data),
                                                   .positions = facts->positions,
                                                   .room = transforms_room(&x->normal.transforms, lanes),
                                                   .scratch = x->loss.scratch}));
    x->batch.target_normal = x->targets.channels ? &x->targets : NULL;
    return examiner_prepare_still(x, config, facts);
}

static enum status examiner_load_for(struct examiner *x, struct comm *comm, const struct examiner_spec *spec,
                                     const struct checkpoint_facts *facts, enum sets_use use)
{
    TRY(sets_load_like(&x->data, comm, spec->config, spec->data, facts->kind, use));
    return comm_agree(comm, examiner_build(x, spec, facts));
}

/* A prediction leaves labels aside that do not go with the model: without them it is possible or not, and the
 * reason for the latter is better known than that of the former. */
static enum status examiner_load(struct examiner *x, struct comm *comm, const struct examiner_spec *spec,
                                 const struct checkpoint_facts *facts)
{
    if (!spec->for_prediction) return examiner_load_for(x, comm, spec, facts, SETS_EVALUATION);
    bool without = strcmp(spec->config->data.y, "none") == 0;
    enum status status =
        examiner_load_for(x, comm, spec, facts, without ? SETS_PREDICTION_NO_LABELS : SETS_PREDICTION);
    if (status != STATUS_DATA || without) return status;
    char why[STATUS_TEXT_SIZE];
    const struct kernels *kernels = x->kernels;
    snprintf(why, sizeof why, "%s", status_text());
    examiner_free(x);
    *x = (struct examiner){.kernels = kernels};
    status = examiner_load_for(x, comm, spec, facts, SETS_PREDICTION_NO_LABELS);
    if (status == STATUS_OK && comm_rank(comm) == 0) log_warn("labels are left aside: %s", why);
    return status;
}

static enum status examiner_set_up(struct examiner *x, struct comm *comm, const struct examiner_spec *spec)
{
    struct checkpoint_facts facts;
    TRY(build_start_math(&x->kernels, comm, spec->config));
    TRY(comm_agree(comm, checkpoint_read_facts(spec->checkpoint, &facts)));
    TRY(examiner_load(x, comm, spec, &facts));
    if (comm_find_different(comm, checkpoint_weights_hash(x->model, x->params)) == 0) return STATUS_OK;
    return status_fail(STATUS_DATA, "%s: was replaced while it was read; start again", spec->checkpoint);
}

enum status examiner_init(struct examiner *x, struct comm *comm, const struct examiner_spec *spec)
{
    *x = (struct examiner){0};
    enum status status = examiner_set_up(x, comm, spec);
    if (status != STATUS_OK) examiner_free(x);
    return status;
}

void examiner_free(struct examiner *x)
{
    batch_free(&x->batch);
    augment_free(&x->still);
    normal_free(&x->normal);
    normal_free(&x->targets);
    mem_free(&x->params);
    loss_free(&x->loss);
    model_destroy(&x->model);
    dataset_destroy(&x->data);
}
