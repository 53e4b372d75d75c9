/* examiner.c - loads a checkpoint and a data set. */
#include "train/evaluation/examiner.h"

#include "core/mem.h"
#include "train/build.h"
#include "train/sets.h"
#include "train/checkpoint/private.h"

static enum status examiner_build(struct examiner *x, const struct examiner_spec *spec,
                                  const struct checkpoint_facts *facts)
{
    const struct config *config = spec->config;
    int64_t lanes = build_lanes(config, facts->virtual_ranks);
    const struct model_options options = {
        .kernels = x->kernels, .lanes = lanes, .max_leaves = facts->virtual_ranks};
    TRY(build_model(&x->model, config, facts->input, &options));
    TRY(build_check_shape(model_input_shape(x->model), x->data));
    size_t bytes = (size_t)model_param_floats(x->model) * sizeof(float);
    TRY(mem_alloc(&x->params, bytes, 1, "parameters"));
    TRY(checkpoint_load(spec->checkpoint, x->model, spec->plain, x->params, &x->normal, &x->targets));
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
                                                   .scratch = x->loss.scratch}));
    x->batch.target_normal = x->targets.channels ? &x->targets : NULL;
    return dataset_check_positions(x->data, facts->positions);
}

static enum status examiner_set_up(struct examiner *x, struct comm *comm, const struct examiner_spec *spec)
{
    struct checkpoint_facts facts;
    TRY(build_start_math(&x->kernels, comm, spec->config));
    TRY(comm_agree(comm, checkpoint_read_facts(spec->checkpoint, &facts)));
    TRY(sets_load_like(&x->data, comm, spec->config, spec->data, facts.kind,
                       spec->for_prediction ? SETS_PREDICTION : SETS_EVALUATION));
    TRY(comm_agree(comm, examiner_build(x, spec, &facts)));
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
    normal_free(&x->normal);
    normal_free(&x->targets);
    mem_free(&x->params);
    loss_free(&x->loss);
    model_destroy(&x->model);
    dataset_destroy(&x->data);
}
